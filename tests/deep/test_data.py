"""Real data in disjoint parts, stratified subsets, and files of strangers that are refused in one clear line."""

import hashlib
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from sklearn.datasets import load_digits  # noqa: E402

from deep import data  # noqa: E402
from deep.data import Images, by_digest, cifar10, digits, join, load_generated, save_generated, split  # noqa: E402
from deep.subsets import stratified_counts, stratified_index, stratified_subset  # noqa: E402


@pytest.fixture(scope="module")
def parts():
    return digits()


def small(count=6, top=255, seed=0):
    rng = np.random.default_rng(seed)
    image = torch.from_numpy(rng.integers(0, top + 1, size=(count, 3, 4, 5), dtype=np.uint8))
    return Images(image, torch.arange(count) % 3, 3, top)


# Digits


def test_the_three_parts_are_disjoint_and_all_there_is(parts):
    sizes = [len(part) for part in (parts.pool, parts.judge, parts.test)]
    digests = [set(part.digests()) for part in (parts.pool, parts.judge, parts.test)]
    assert sizes == [1000, 300, 497]
    assert len(set.union(*digests)) == sum(map(len, digests)) == 1797


def test_parts_follow_the_order_of_sha256(parts):
    # Recomputed from the raw table: bytes of the pixels, then the label as 8 bytes.
    table, label = load_digits(return_X_y=True)
    pairs = zip(table, label, strict=True)
    raw = [hashlib.sha256(bytes(map(int, x)) + int(y).to_bytes(8, "little")).digest() for x, y in pairs]
    assert parts.pool.digests() + parts.judge.digests() + parts.test.digests() == sorted(raw)


def test_the_pool_is_the_same_on_every_machine(parts):
    assert parts.pool.digest() == "9b3a8008cc52e2e51082d40471d95e361dbb68ade2e0be4f8a117d6c7e189243"


def test_parts_do_not_depend_on_the_order_of_the_data():
    images = small(30)
    shuffled = images.select(torch.from_numpy(np.random.default_rng(1).permutation(30)))
    for one, other in zip(split(images, (10, 5)), split(shuffled, (10, 5)), strict=True):
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.label, other.label)


def test_pixels_fill_the_range(parts):
    x = parts.pool.pixels()
    assert x.dtype == torch.float32
    assert (x.min().item(), x.max().item()) == (-1.0, 1.0)
    assert parts.pool.shape == (1, 8, 8)


@pytest.mark.parametrize("sizes", [(30,), (20, 10), (0, 5)])
def test_a_part_without_examples_is_refused(sizes):
    with pytest.raises(ValueError, match="Found"):
        split(small(30), sizes)


def test_an_example_that_would_be_in_two_parts_is_refused():
    images = small(4)
    ordered = by_digest(join(images, images))
    with pytest.raises(ValueError, match="occurs twice"):
        split(ordered, (3,))
    assert [len(part) for part in split(ordered, (4,))] == [4, 4]


# Images


@pytest.mark.parametrize(
    ("image", "label", "found"),
    [
        (torch.zeros(2, 4, 4), torch.zeros(2).long(), r"\(2, 4, 4\)"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(3).long(), r"\(3,\)"),
        (torch.zeros(0, 1, 4, 4), torch.zeros(0).long(), r"\(0, 1, 4, 4\)"),
        (torch.zeros(2, 1, 4, 4).double(), torch.zeros(2).long(), "float64"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(2), "float32"),
        (torch.full((2, 1, 4, 4), 1.5), torch.zeros(2).long(), "1.5"),
        (torch.full((2, 1, 4, 4), torch.nan), torch.zeros(2).long(), "nan"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([0, 3]), "Found 3"),
        (torch.zeros(2, 1, 4, 4), torch.tensor([-1, 2]), "Found -1"),
        (torch.full((2, 1, 4, 4), 17, dtype=torch.uint8), torch.zeros(2).long(), "Found 17"),
    ],
)
def test_bad_images_are_refused_with_the_value(image, label, found):
    with pytest.raises(ValueError, match=found) as refusal:
        Images(image, label, 3, 16)
    assert "\n" not in str(refusal.value)


def test_joining_keeps_pixels_and_labels_whatever_the_storage():
    first, second = small(4, top=16), small(5, seed=1)
    floats = Images(second.pixels(), second.label, 3)
    for other in (small(5, top=16, seed=1), second, floats):
        both = join(first, other)
        assert torch.equal(both.pixels(), torch.cat([first.pixels(), other.pixels()]))
        assert torch.equal(both.label, torch.cat([first.label, other.label]))
    with pytest.raises(ValueError, match="one shape"):
        join(first, Images(torch.zeros(1, 1, 8, 8), torch.zeros(1).long(), 3))


def test_two_classes_are_labelled_0_and_1(parts):
    binary = data.two_classes(parts.pool, 8, 3)
    assert binary.counts == [parts.pool.counts[8], parts.pool.counts[3]]
    assert torch.equal(binary.image[binary.label == 1], parts.pool.image[parts.pool.label == 3])
    for first, second in ((3, 3), (3, 10)):
        with pytest.raises(ValueError, match="Found"):
            data.two_classes(parts.pool, first, second)


# Stratified subsets


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.data())
def test_counts_are_proportional_and_leave_no_class_out(available, draws):
    total, classes = sum(available), len(available)
    size = draws.draw(st.integers(classes, total))
    counts = stratified_counts(available, size)
    assert sum(counts) == size
    assert all(1 <= count <= there for count, there in zip(counts, available, strict=True))
    for count, there in zip(counts, available, strict=True):
        share = (size - classes) * (there - 1) / max(total - classes, 1)
        assert abs(count - 1 - share) < 1 + 1e-9


@pytest.mark.parametrize("size", [10, 11, 50, 200, 999, 1000])
def test_a_subset_has_its_size_every_class_and_no_example_twice(parts, size):
    index = stratified_index(parts.pool, size, np.random.default_rng(5))
    assert len(index.unique()) == len(index) == size
    chosen = parts.pool.select(index)
    assert chosen.counts == stratified_counts(parts.pool.counts, size)
    assert max(chosen.counts) - min(chosen.counts) <= max(1, 13 * size // 1000)


def test_a_subset_depends_on_its_seed_alone(parts):
    first, again, other = (stratified_subset(parts.pool, 50, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.digest() == again.digest() != other.digest()


@pytest.mark.parametrize("size", [0, 9, 1001, -5])
def test_sizes_below_the_classes_or_above_the_data_are_refused(parts, size):
    with pytest.raises(ValueError, match=f"m_S .*Found {size}"):
        stratified_subset(parts.pool, size, np.random.default_rng(0))


def test_a_class_without_examples_is_refused():
    with pytest.raises(ValueError, match="Found none of class 1"):
        stratified_counts([4, 0, 4], 5)


# CIFAR-10


def write_cifar(folder, records=20):
    rng = np.random.default_rng(0)
    names = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]
    tables = {}
    for name in names:
        tables[name] = rng.integers(0, 256, size=(records, 3073), dtype=np.uint8)
        tables[name][:, 0] = rng.integers(0, 10, size=records)
        tables[name].tofile(folder / name)
    return tables


def test_cifar_is_read_as_its_format_says(tmp_path):
    tables = write_cifar(tmp_path)
    parts = cifar10(tmp_path, records=20)
    assert [len(part) for part in (parts.pool, parts.judge, parts.test)] == [100, 10, 10]
    first = data.read_cifar_file(tmp_path / "data_batch_1.bin", 20)
    record = tables["data_batch_1.bin"][7]
    assert first.label[7] == record[0]
    assert first.image[7, 1, 2, 3] == record[1 + 1024 + 2 * 32 + 3]  # red, green, blue; each in rows
    held_out = {bytes(row[1:]) for row in tables["test_batch.bin"]}
    assert {x.numpy().tobytes() for x in torch.cat([parts.judge.image, parts.test.image])} == held_out
    assert not held_out & {x.numpy().tobytes() for x in parts.pool.image}


@pytest.mark.parametrize("change", [-1, 1, -3073, 3073])
def test_a_cifar_file_of_another_size_is_refused(tmp_path, change):
    write_cifar(tmp_path)
    path = tmp_path / "data_batch_4.bin"
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + bytes(change))
    with pytest.raises(ValueError, match=rf"data_batch_4.bin' must have 61460 bytes. Found {61460 + change}."):
        cifar10(tmp_path, records=20)


def test_the_default_asks_for_the_published_sizes(tmp_path):
    write_cifar(tmp_path)
    with pytest.raises(ValueError, match="must have 30730000 bytes"):
        cifar10(tmp_path)


def test_a_cifar_label_over_9_is_refused_with_its_place(tmp_path):
    tables = write_cifar(tmp_path)
    tables["test_batch.bin"][13, 0] = 10
    tables["test_batch.bin"].tofile(tmp_path / "test_batch.bin")
    with pytest.raises(ValueError, match="Found 10 in example 13"):
        cifar10(tmp_path, records=20)


def test_missing_cifar_is_refused_with_the_path(tmp_path):
    write_cifar(tmp_path)
    (tmp_path / "data_batch_5.bin").unlink()
    with pytest.raises(ValueError, match=r"data_batch_5.bin': No such file"):
        cifar10(tmp_path, records=20)


class Payload:
    """Leaves a file behind when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (type(self.path).touch, (self.path,))


def test_pickled_cifar_is_refused_unread_with_the_way_out(tmp_path):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Payload(tmp_path / "executed")))
    with pytest.raises(ValueError, match="unpickling, which can run any code: use the binary version"):
        cifar10(tmp_path)
    assert not (tmp_path / "executed").exists()


# Generated images


def test_generated_images_survive_the_file(tmp_path, parts):
    floats = Images(parts.test.pixels(), parts.test.label, 10)
    coarse = Images((parts.test.image.float() * (255 / 16)).round().to(torch.uint8), parts.test.label, 10)
    for images in (floats, coarse):
        save_generated(tmp_path / "g.npz", images)
        back = load_generated(tmp_path / "g.npz", parts.pool)
        assert back.digest() == images.digest()
    with pytest.raises(ValueError, match="Found 16"):
        save_generated(tmp_path / "g.npz", parts.test)


GOOD = {"image": np.zeros((4, 1, 8, 8), dtype=np.uint8), "label": np.arange(4)}
BAD = {
    "channels last": ({"image": np.zeros((4, 8, 8, 1), dtype=np.uint8)}, r"\(n, 1, 8, 8\). Found \(4, 8, 8, 1\)"),
    "no batch": ({"image": np.zeros((1, 8, 8), dtype=np.uint8)}, r"Found \(1, 8, 8\)"),
    "too bright": ({"image": np.full((4, 1, 8, 8), 1.5)}, "Found 1.5"),
    "too dark": ({"image": np.full((4, 1, 8, 8), -7.0)}, "Found -7"),
    "nan": ({"image": np.full((4, 1, 8, 8), np.nan)}, "Found nan"),
    "integers": ({"image": np.zeros((4, 1, 8, 8), dtype=np.int32)}, "Found int32"),
    "complex": ({"image": np.zeros((4, 1, 8, 8), dtype=complex)}, "Found complex128"),
    "label too large": ({"label": np.array([0, 1, 2, 10])}, "Found 10"),
    "label negative": ({"label": np.array([0, 1, 2, -1])}, "Found -1"),
    "label huge": ({"label": np.array([0, 1, 2, 2**64 - 1], dtype=np.uint64)}, "labels must be in"),
    "label a float": ({"label": np.zeros(4)}, "Found float64"),
    "labels too few": ({"label": np.arange(3)}, r"\(3,\)"),
    "one hot": ({"label": np.eye(4, 10, dtype=int)}, r"\(4, 10\)"),
    "empty": ({"image": np.zeros((0, 1, 8, 8)), "label": np.zeros(0, dtype=int)}, r"\(0, 1, 8, 8\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_are_refused_in_one_line_with_file_and_value(tmp_path, parts, name):
    arrays, found = BAD[name]
    np.savez(tmp_path / "g.npz", **(GOOD | arrays))
    with pytest.raises(ValueError, match=found) as refusal:
        load_generated(tmp_path / "g.npz", parts.pool)
    assert "g.npz" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_arrays_of_objects_are_refused_and_not_run(tmp_path, parts):
    objects = np.array([Payload(tmp_path / "executed")], dtype=object)
    for name in GOOD:
        np.savez(tmp_path / "g.npz", **(GOOD | {name: objects}))
        with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
            load_generated(tmp_path / "g.npz", parts.pool)
    assert not (tmp_path / "executed").exists()


def test_files_that_are_no_npz_are_refused(tmp_path, parts):
    path = tmp_path / "g.npz"
    np.savez_compressed(path, **GOOD)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[60:80] = bytes(20)
    np.save(tmp_path / "array.npy", GOOD["image"])
    plain = (tmp_path / "array.npy").read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], bytes(damaged), plain, pickle.dumps(Payload(path))):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"cannot use .*g.npz") as refusal:
            load_generated(path, parts.pool)
        assert "\n" not in str(refusal.value)
    np.savez(path, image=GOOD["image"])
    with pytest.raises(ValueError, match="arrays image and label"):
        load_generated(path, parts.pool)
    with pytest.raises(ValueError, match="No such file"):
        load_generated(tmp_path / "absent.npz", parts.pool)
