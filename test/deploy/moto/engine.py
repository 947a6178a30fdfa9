"""Replaces moto's CloudFormation by the real rules for updates, replacements, deletion policies, rollback and termination protection.

Source: AWS CloudFormation user guide, "Update behaviors of stack resources", "DeletionPolicy attribute", "UpdateReplacePolicy
attribute" (2026-11-29). replacement.json lists the properties whose change replaces a resource; it comes from the resource schemas.
"""

import json
import traceback
from pathlib import Path

from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.responses import ActionResult

from resources import TYPES, Resource

REPLACEMENT = json.loads((Path(__file__).parent / "replacement.json").read_text())
KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}


class ChangeSetNotFound(CloudFormationError):
    code = "ChangeSetNotFound"
    message = "the change set does not exist"


class Stack:
    """Applies one template to the resources of a stack. Each stack operation makes a new object of this class."""

    def __init__(self, resource_map, template, account, region):
        self.map = resource_map
        self.template = template
        self.account = account
        self.region = region
        self.old = {name: one for name, one in resource_map._parsed_resources.items() if isinstance(one, Resource)}
        self.old_json = dict(resource_map._resource_json_map)
        self.created = []
        self.replaced = []

    def apply(self, parameters):
        resource_map = self.map
        for name in self.old:
            del resource_map._parsed_resources[name]
        resource_map._template = self.template
        resource_map._resource_json_map = self.template["Resources"]
        # For a parameter of Systems Manager, moto returns the value, but CloudFormation keeps the name. Such parameters are left out.
        declared = self.template.get("Parameters", {})
        by_name = {name for name, one in declared.items() if one["Type"].startswith("AWS::SSM::Parameter::Value")}
        resource_map.input_parameters = {name: v for name, v in (parameters or {}).items() if name not in by_name}
        resource_map.resolved_parameters = {}
        resource_map.load_mapping()
        resource_map.load_parameters()
        resource_map.load_conditions()
        resource_map.mailover = self
        try:
            for name in self.template["Resources"]:
                resource_map[name]
        except Exception:
            if not self.old:
                self.roll_back()
            raise
        self.clean_up()

    def provide(self, name):
        """Creates or updates the resource with this logical id, after the resources to which it refers, and returns it."""
        definition = self.template["Resources"][name]
        condition = definition.get("Condition")
        if condition and not self.map.lazy_condition_map[condition]:
            return None
        depends = definition.get("DependsOn", [])
        for other in [depends] if isinstance(depends, str) else depends:
            self.map[other]
        kind = definition["Type"]
        if kind not in TYPES:
            raise ValidationError(message=f"{name}: the test server has no resource type {kind}")
        properties = parsing.clean_json(definition.get("Properties", {}), self.map)
        old = self.old.get(name)
        if old is None or old.cf_resource_type != kind:
            return self.create(name, kind, properties)
        changed = {key for key in {*properties, *old.properties} if properties.get(key) != old.properties.get(key)}
        if changed & set(REPLACEMENT[kind]):
            self.replaced.append(old)
            return self.create(name, kind, properties)
        if changed:
            old.update(properties)
            old.properties = properties
        return old

    def create(self, name, kind, properties):
        stack_name = self.map["AWS::StackName"]
        physical = parsing.generate_resource_name(kind, stack_name, name)
        resource = TYPES[kind](physical, self.account, self.region)
        resource.cf_resource_type = kind
        resource.logical_resource_id = name
        resource.type = kind
        resource.properties = properties
        resource.create(properties)
        self.created.append(resource)
        return resource

    def clean_up(self):
        """Deletes replaced and removed resources. Runs after all other resources were created or updated."""
        for resource in reversed(self.replaced):
            if self.old_json[resource.logical_resource_id].get("UpdateReplacePolicy", "Delete") not in KEPT:
                resource.remove()
        for name, resource in reversed(self.old.items()):
            if name not in self.template["Resources"]:
                if self.old_json[name].get("DeletionPolicy", "Delete") not in KEPT:
                    resource.remove()

    def roll_back(self):
        """Deletes the resources that a failed first deployment created, except those with the deletion policy Retain."""
        self.left = []
        for resource in reversed(self.created):
            name = resource.logical_resource_id
            if self.template["Resources"][name].get("DeletionPolicy", "Delete") == "Retain":
                continue
            try:
                resource.remove()
            except Exception:
                self.left.append(name)
        for resource in self.created:
            self.map._parsed_resources.pop(resource.logical_resource_id, None)

    def delete(self):
        for name, resource in reversed(self.old.items()):
            if self.old_json[name].get("DeletionPolicy", "Delete") not in KEPT:
                resource.remove()
            del self.map._parsed_resources[name]


def install():
    """Replaces the functions of moto by those of this file. The bootstrap stack of the CDK still uses moto's functions."""
    get = parsing.ResourceMap.__getitem__
    update, delete = parsing.ResourceMap.update, parsing.ResourceMap.delete

    def get_item(self, key):
        stack = getattr(self, "mailover", None)
        if stack is None or key in self._parsed_resources or key not in self._resource_json_map:
            return get(self, key)
        resource = stack.provide(key)
        if resource is not None:
            self._parsed_resources[key] = resource
        return resource

    def update_map(self, template, parameters=None):
        if is_bootstrap(template):
            return update(self, template, parameters)
        Stack(self, template, self._account_id, self._region_name).apply(parameters)

    def delete_map(self):
        if is_bootstrap({"Resources": self._resource_json_map}):
            return delete(self)
        Stack(self, {"Resources": {}}, self._account_id, self._region_name).delete()

    def execute_change_set(self, change_set_name, stack_name=None):
        change_set = self.describe_change_set(change_set_name)
        stack = change_set.stack
        kind = change_set.change_set_type
        stack._add_stack_event(f"{kind}_IN_PROGRESS", resource_status_reason="User Initiated")
        change_set.execution_status = "EXECUTE_COMPLETE"
        try:
            stack.resource_map.update(change_set.template_dict, change_set.parameters)
        except Exception as error:
            traceback.print_exc()
            failed(stack, error, kind == "CREATE")
            return
        stack.template = change_set.template
        stack._parse_template()
        stack.output_map = stack._create_output_map()
        stack.parameters = change_set.parameters
        stack.tags = change_set.tags or {}
        stack.status = f"{kind}_COMPLETE"
        stack._add_stack_event(stack.status)

    def protect(self):
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        stack.enable_termination_protection = str(self._get_param("EnableTerminationProtection")).lower() == "true"
        return ActionResult({"StackId": stack.stack_id})

    delete_stack = models.CloudFormationBackend.delete_stack

    def delete_unprotected(self, name_or_stack_id):
        try:
            stack = self.get_stack(name_or_stack_id)
        except ValidationError:
            return None
        if stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        return delete_stack(self, name_or_stack_id)

    describe = models.CloudFormationBackend.describe_change_set

    def describe_change_set(self, change_set_name):
        try:
            return describe(self, change_set_name)
        except ValidationError as error:
            raise ChangeSetNotFound from error

    parsing.ResourceMap.__getitem__ = get_item
    models.CloudFormationBackend.describe_change_set = describe_change_set
    parsing.ResourceMap.update = update_map
    parsing.ResourceMap.delete = delete_map
    models.CloudFormationBackend.execute_change_set = execute_change_set
    models.CloudFormationBackend.delete_stack = delete_unprotected
    responses.CloudFormationResponse.update_termination_protection = protect


def failed(stack, error, creating):
    reason = str(getattr(error, "message", None) or error)
    left = getattr(stack.resource_map.mailover, "left", [])
    if left:
        reason += f"; the rollback could not delete {', '.join(left)}"
    stack.status = "ROLLBACK_COMPLETE" if creating else "UPDATE_ROLLBACK_FAILED"
    stack._add_stack_event(stack.status, resource_status_reason=reason)


def is_bootstrap(template):
    """Returns whether this is the bootstrap stack of the CDK. moto has its resources, and only this stack has an image repository."""
    return any(one["Type"] == "AWS::ECR::Repository" for one in template["Resources"].values())
