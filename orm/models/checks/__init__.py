"""System checks of models: what is wrong with a declaration, by Django's identifiers.

``Model.check()`` gathers them; natively most of these mistakes are refused when a model is declared (the setting
``strict_models``), and a program that declares models as Django does hears of them here.
"""
