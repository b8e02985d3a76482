# SPDX-License-Identifier: Apache-2.0
"""A catalog as JSON, and back."""

from __future__ import annotations

import json
from typing import Any

from bedstone.catalog.model import Attributes, Catalog, Key, Object, Shape, Unmodelled, Value
from bedstone.errors import SavedCatalogInvalid

FORMAT = "bedstone catalog"
FORMAT_VERSION = 1


def to_json(catalog: Catalog) -> str:
    """Return *catalog* as one JSON document, the same text for the same content.

    Per object: the key's four parts, the attributes that are not ``None``, the indexes of what it
    depends on (less what ``Catalog.without`` took away), and the extension.
    """
    keys = list(catalog.objects)
    numbers = {key: number for number, key in enumerate(keys)}
    shapes: dict[str, list[str]] = {}
    objects = []
    for item in catalog:
        shapes.setdefault(item.key.kind, list(item.attributes))
        attributes = {name: value for name, value in item.attributes.items() if value is not None}
        depends = sorted(numbers[key] for key in item.depends if key in numbers)
        objects.append([list(item.key), attributes, depends, item.extension])
    document = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "server_version": catalog.server_version,
        "fingerprint": catalog.fingerprint,
        "unmodelled": [[item.what, item.reason] for item in catalog.unmodelled],
        "shapes": shapes,
        "objects": objects,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str, *, name: str = "the text") -> Catalog:
    """Read a catalog that ``to_json`` wrote; errors call it by *name*.

    Raises:
        SavedCatalogInvalid: *text* is not such a document, has another version, or was changed.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise SavedCatalogInvalid(f"{name} holds a {document['format']!r}, not a catalog")
        if document["version"] != FORMAT_VERSION:
            raise SavedCatalogInvalid(
                f"{name} was saved in version {document['version']!r} of the format, "
                f"and this release reads version {FORMAT_VERSION}",
                hint="Save the catalog again with this release.",
            )
        catalog = _read(document)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SavedCatalogInvalid(
            f"{name} is not a saved catalog", hint="bedstone diff A B --save writes one."
        ) from error
    if catalog.fingerprint != document["fingerprint"]:
        raise SavedCatalogInvalid(
            f"{name} does not have the fingerprint that it names",
            detail="It was changed after it was saved, or only a part of it is there.",
            hint="Save the catalog again.",
        )
    return catalog


def _read(document: dict[str, Any]) -> Catalog:
    shapes = {kind: Shape(kind, tuple(names)) for kind, names in document["shapes"].items()}
    keys = [Key(*item[0]) for item in document["objects"]]
    objects = {}
    for key, (_, said, depends, extension) in zip(keys, document["objects"], strict=True):
        shape = shapes[key.kind]
        if not said.keys() <= shape.index.keys():
            raise SavedCatalogInvalid(f"the saved {key} has attributes of another kind")
        attributes = Attributes(shape, tuple(_frozen(said.get(name)) for name in shape.names))
        needs = frozenset(keys[number] for number in depends)
        objects[key] = Object(key, attributes, needs, extension)
    unmodelled = tuple(Unmodelled(what, reason) for what, reason in document["unmodelled"])
    return Catalog(objects, int(document["server_version"]), unmodelled)


def _frozen(value: Any) -> Value:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
