import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.profiles.declared import match_declared, muted_matrix
from recsys.profiles.vocabulary import TagVocabulary

TAGS = TagVocabulary(
    ("quantum-gates", "noise", "video", "video", "noise", "tea"),
    ("topic", "topic", "topic", "format", "text", "text"),
    np.ones(6, dtype=np.float32),
)
typed = st.sampled_from(["Quantum Gates", "quantum_gates", "noise", "VIDEO", "tea", "golf", ""])


def test_spellings_of_one_tag_are_one_and_the_heaviest_counts() -> None:
    declared = sp.csr_matrix([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]])
    found = match_declared(declared, ["Quantum Gates", "quantum_gates", "noise"], TAGS)
    assert found.matrix.toarray().tolist() == [[3, 0, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0]]
    assert found.unknown == ()


def test_unknown_tags_are_listed_with_how_many_declared_them() -> None:
    declared = sp.csr_matrix([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    found = match_declared(declared, ["golf", "chess", "never declared"], TAGS)
    assert (found.unknown, found.n_unknown) == (("golf", "chess"), (2, 1))
    assert found.matrix.nnz == 0


def test_nobody_declaring_anything_is_fine() -> None:
    found = match_declared(sp.csr_matrix((3, 0), dtype=np.float32), [], TAGS)
    assert found.matrix.shape == (3, 6)
    assert match_declared(sp.csr_matrix([[1.0]]), ["golf"], TagVocabulary.empty()).unknown == (
        "golf",
    )


@given(st.lists(st.lists(typed, unique=True, max_size=5), min_size=1, max_size=5))
def test_matching_is_that_of_a_loop(people: list[list[str]]) -> None:
    names = sorted({name for one in people for name in one})
    dense = np.array([[float(name in one) for name in names] for one in people])
    declared = sp.csr_matrix(dense.reshape(len(people), len(names)))
    found = match_declared(declared, names, TAGS)
    for row, mine in enumerate(people):
        expected = {at for at in TAGS.match(mine).tolist() if at >= 0}
        assert set(found.matrix[[row]].indices.tolist()) == expected
    assert sum(found.n_unknown) == sum(at < 0 for one in people for at in TAGS.match(one).tolist())


def test_muting_a_name_mutes_it_in_every_family_that_is_no_word() -> None:
    muted = muted_matrix([["Video", "noise"], None, ["tea", "golf"]], TAGS)
    assert [muted[[row]].indices.tolist() for row in range(3)] == [[1, 2, 3], [], [5]]
    assert set(muted.data.tolist()) == {1.0}
