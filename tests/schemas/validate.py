"""validate.py SCHEMA DOCUMENT...: says what is wrong with a document, JSON by a JSON schema and XML by an XSD."""

import json
import sys

import jsonschema
import xmlschema


def errors(schema, document):
    if schema.endswith(".xsd"):
        return [error.reason for error in xmlschema.XMLSchema(schema).iter_errors(document)]
    with open(schema) as schema, open(document) as document:
        validator = jsonschema.Draft7Validator(json.load(schema))
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.load(document))]


found = [error for document in sys.argv[2:] for error in errors(sys.argv[1], document)]
print("\n".join(found))
sys.exit(bool(found))
