"""packaging/examples: what Kubernetes, the Prometheus operator and ECS would say of it, by their own schemas."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import botocore.session
from botocore.validate import ParamValidator

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "packaging/examples"
# As they are read, which the document calls texts.
READ_OTHERWISE = {"io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["string", "integer"],
                  "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "number"]}


def strict(schema):
    """The schema, where a field that it does not name is a mistake."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(value) for name, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made = {"type": ["string", "integer"]}
    return made


def reached(name, definitions, found):
    """Adds what a definition stands on to {name: schema}."""
    if name in found:
        return found
    found[name] = {"type": READ_OTHERWISE[name]} if name in READ_OTHERWISE else strict(definitions[name])
    for other in re.findall(r'"#/definitions/([^"]+)"', json.dumps(found[name])):
        reached(other, definitions, found)
    return found


def write_kubernetes_schemas(into):
    """Of all kinds of the core and of apps/v1, named as kubeconform asks for them."""
    definitions = json.loads((pathlib.Path(os.environ["CTK_KUBERNETES"]) / "api/openapi-spec/swagger.json").read_text())["definitions"]
    for name, schema in definitions.items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if kind["group"] in ("", "apps") and kind["version"] == "v1":
                file = "-".join(filter(None, (kind["kind"].lower(), kind["group"], "v1"))) + ".json"
                whole = {"$ref": f"#/definitions/{name}", "definitions": reached(name, definitions, {})}
                (into / file).write_text(json.dumps(whole))


def write_operator_schema(into):
    crd = json.loads((pathlib.Path(os.environ["CTK_PROMETHEUS_OPERATOR"]) / "jsonnet/prometheus-operator/servicemonitors-crd.json").read_text())
    version, = (each for each in crd["spec"]["versions"] if each["name"] == "v1")
    (into / "servicemonitor-monitoring-v1.json").write_text(json.dumps(strict(version["schema"]["openAPIV3Schema"])))


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.home = pathlib.Path(folder.name)
        write_kubernetes_schemas(cls.home)
        write_operator_schema(cls.home)

    def judged(self, text):
        """{kind: (status, what is said)}."""
        run = subprocess.run([os.environ["CTK_KUBECONFORM"], "-strict", "-verbose", "-output", "json", "-schema-location",
                              f"{self.home}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"], input=text, capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        return {each["kind"]: (each["status"], each["msg"]) for each in json.loads(run.stdout)["resources"]}

    def test_every_object_is_valid(self):
        kinds = set()
        for path in sorted((EXAMPLES / "kubernetes").glob("*.yaml")):
            judged = self.judged(path.read_text())
            self.assertEqual({kind: told for kind, told in judged.items() if told[0] != "statusValid"}, {}, path.name)
            kinds |= set(judged)
        self.assertEqual(kinds, {"ServiceAccount", "ConfigMap", "Secret", "Deployment", "Service", "ServiceMonitor"})

    def test_a_mistake_is_seen(self):
        """Else nothing would be held by the test above."""
        for name, kind, right, wrong in (("ctk.yaml", "Deployment", "readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"),
                                         ("ctk.yaml", "Deployment", "replicas: 1", "replicas: one"),
                                         ("ctk.yaml", "Service", "targetPort: http", "targetport: http"),
                                         ("service-monitor.yaml", "ServiceMonitor", "interval: 30s", "interval: 30 seconds")):
            text = (EXAMPLES / "kubernetes" / name).read_text()
            self.assertIn(right, text)
            self.assertEqual(self.judged(text.replace(right, wrong))[kind][0], "statusInvalid", wrong)


class Ecs(unittest.TestCase):
    MODEL = botocore.session.Session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape

    def faults(self, definition):
        found = ParamValidator().validate(definition, self.MODEL)
        return ([found.generate_report()] if found.has_errors() else []) + list(self.strange_words(definition, self.MODEL))

    def strange_words(self, value, shape):
        """Of closed sets, which botocore leaves to the service."""
        if shape.type_name == "structure":
            for name, member in shape.members.items():
                if name in value:
                    yield from self.strange_words(value[name], member)
        elif shape.type_name == "list":
            for each in value:
                yield from self.strange_words(each, shape.member)
        elif shape.type_name == "string" and shape.enum and value not in shape.enum:
            yield f"{value} is none of {shape.enum}"

    def test_the_task_definition_is_valid(self):
        text = (EXAMPLES / "ecs/task-definition.json").read_text()
        self.assertEqual(self.faults(json.loads(text)), [])
        for right, wrong in (('"stopTimeout": 45', '"stopTimeout": "45"'), ('"valueFrom"', '"value_from"'), ('"FARGATE"', '"FARGAT"')):
            self.assertIn(right, text)
            self.assertNotEqual(self.faults(json.loads(text.replace(right, wrong))), [], wrong)


if __name__ == "__main__":
    unittest.main()
