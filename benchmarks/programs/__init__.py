"""Programs that are run in processes of their own, under Duotone and under Django, or beside the plain statement."""
