"""Validates the manifests of a folder against the schemas of two versions of Kubernetes and of KEDA, strictly."""

import pathlib
import sys

import kubernetes_validate
import yaml
from cloudcoil.models.keda import v1alpha1

# The oldest that knows every field used here, and a recent one.
VERSIONS = ("1.30", "1.37")


def complaints(document):
    """What is wrong with one object."""
    if document["apiVersion"].startswith("keda.sh/"):
        known = v1alpha1.ScaledObject.model_validate(document).model_dump(mode="json", by_alias=True, exclude_none=True)
        return [] if known == document else [f"fields that KEDA does not know: {document} against {known}"]
    found = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{version}: {error.message}")
    return found


def main():
    bad = count = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        for document in yaml.safe_load_all(path.read_text()):
            count += 1
            for text in complaints(document):
                bad += 1
                print(f"{path}: {document['kind']} {document['metadata']['name']}: {text}")
    if bad or not count:
        sys.exit(f"{bad} complaints about {count} objects")


main()
