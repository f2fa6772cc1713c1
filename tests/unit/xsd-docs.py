# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema that editors show: every element and attribute of it says what it is for, with an example that is right;
and the catalog finds it."""
import os, re, shutil, subprocess, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

XS = "{http://www.w3.org/2001/XMLSchema}"
NAMED = ("element", "attribute", "complexType", "group", "attributeGroup")
root = ET.parse(os.path.join(SOURCE, "xsd", "mapping.xsd")).getroot()


def lines(el, where=()):
    """(path, element of the schema) of each element and attribute that a mapping can have."""
    for c in el:
        kind, name = c.tag.replace(XS, ""), c.get("name")
        here = where + ((("@" if kind == "attribute" else "") + name,) if kind in NAMED and name else ())
        if kind in ("element", "attribute") and name:
            yield "/".join(here), c
        yield from lines(c, here)


def examples(text):
    """The pieces of XML in an example: elements as they are, attributes as pairs."""
    if text.startswith("<"):
        return [("element", m) for m in re.split(r",\s+(?=<)", text)]
    return [("attribute", m) for m in re.findall(r'([\w-]+)="([^"]*)"', text)]


with Tap() as t:
    found = dict(lines(root))
    t.ok(len(found) > 150, "schema_has-them", len(found))
    for path, el in found.items():
        doc = " ".join((el.findtext(XS + "annotation/" + XS + "documentation") or "").split())
        text, _, example = doc.partition(" Example: ")
        t.ok(text and example, "doc_%s" % path, doc)
        name = path.split("/")[-1].lstrip("@")
        for kind, piece in examples(example):
            if kind == "attribute":
                continue
            try:  # a start tag alone is an example of a container
                tag = ET.fromstring(piece if piece.endswith("/>") or "</" in piece else piece[:-1] + "/>").tag
                t.ok(tag.split("}")[-1] == name, "example_%s_of-itself" % path, tag)
            except ET.ParseError as e:
                t.ok(False, "example_%s_well-formed" % path, "%s: %s" % (e, piece))
        if path.split("/")[-1].startswith("@"):
            t.ok(any(kind == "attribute" and piece[0] == name for kind, piece in examples(example)), "example_%s_of-itself" % path, example)

    catalog = os.path.join(SOURCE, "xsd", "xml-catalog.xml")
    for urn, name in (("urn:sluice:mapping:1", "mapping.xsd"), ("urn:sluice:deployment:1", "deployment.xsd"), ("urn:sluice:catalog:1", "catalog.xsd")):
        ns = ET.parse(os.path.join(SOURCE, "xsd", name)).getroot().get("targetNamespace")
        t.equal(ns, urn, "catalog_%s_is-the-namespace" % name)
        if not shutil.which("xmlcatalog"):
            t.skip("catalog_%s_found" % name, "xmlcatalog (libxml2-utils) is not here")
            continue
        out = subprocess.run(["xmlcatalog", catalog, urn], capture_output=True, text=True).stdout.strip().split("\n")[-1]
        t.ok(out and os.path.samefile(out.replace("file://", ""), os.path.join(SOURCE, "xsd", name)), "catalog_%s_found" % name, out)
