from orm.testing.conformance.harness import Conformance


class ModelConformance(Conformance): ...
