from recsys.digest import Recommends
from recsys.serving import Recommender


def test_the_recommender_is_what_a_digest_needs() -> None:
    def needs(model: Recommends) -> Recommends:
        return model

    assert callable(needs)
    wanted = {name for name in vars(Recommends) if not name.startswith("_")}
    assert wanted == {"dataset", "now", "version", "recommend"}
    assert wanted <= set(dir(Recommender))
