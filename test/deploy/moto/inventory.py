"""Prints the resources of a deployed stack and of its account as JSON, and unpacks the code of its functions.

Usage: inventory.py STACK DIRECTORY, with the address of the test server in AWS_ENDPOINT_URL.
"""

import io
import json
import os
import sys
import zipfile

import boto3

stack_name, directory = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


cloudformation, functions, iam, sqs = client("cloudformation"), client("lambda"), client("iam"), client("sqs")


def unpacked(code):
    """Unpacks the code of a function, as the CDK uploaded it, and returns its folder."""
    folder = os.path.join(directory, "functions", code["S3Key"].removesuffix(".zip"))
    if not os.path.exists(folder):
        content = client("s3").get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])["Body"].read()
        zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    return folder


def policies(role):
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]


def function(logical_id, name, template):
    settings = functions.get_function_configuration(FunctionName=name)
    role = settings["Role"].split("/")[-1]
    credentials = client("sts").assume_role(RoleArn=settings["Role"], RoleSessionName="function")["Credentials"]
    code = template["Code"]
    bucket = code["S3Bucket"]
    return {
        "logicalId": logical_id,
        "name": name,
        "arn": settings["FunctionArn"],
        "directory": unpacked(code) if isinstance(bucket, str) else None,
        "handler": settings["Handler"],
        "environment": settings["Environment"]["Variables"],
        "memoryMb": settings["MemorySize"],
        "timeoutSeconds": settings["Timeout"],
        "allowsLoops": template.get("RecursiveLoop") == "Allow",
        "role": role,
        "policies": policies(role),
        "credentials": {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
        },
    }


def apis():
    gateway = client("apigatewayv2")
    for api in gateway.get_apis()["Items"]:
        uris = {one["IntegrationId"]: one["IntegrationUri"] for one in gateway.get_integrations(ApiId=api["ApiId"])["Items"]}
        routes = [
            {
                "key": route["RouteKey"],
                "functionName": uris[route["Target"].split("/")[-1]].split(":")[-1],
                "timeoutMs": 30_000,
            }
            for route in gateway.get_routes(ApiId=api["ApiId"])["Items"]
        ]
        yield {"id": api["ApiId"], "stage": gateway.get_stages(ApiId=api["ApiId"])["Items"][0]["StageName"], "routes": routes}


def schedules():
    rules = client("events")
    for rule in rules.list_rules()["Rules"]:
        if "ScheduleExpression" in rule:
            for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                yield target["Arn"].split(":")[6]


def mappings():
    for one in functions.list_event_source_mappings()["EventSourceMappings"]:
        yield {
            "id": one["UUID"],
            "functionName": one["FunctionArn"].split(":")[-1],
            "queueArn": one["EventSourceArn"],
            "batchSize": one["BatchSize"],
            "reportsBatchItemFailures": "ReportBatchItemFailures" in one.get("FunctionResponseTypes", []),
            "windowSeconds": 0,
        }


def queues():
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield {"url": url, "arn": attributes["QueueArn"], "attributes": attributes}


stacks = [one for one in cloudformation.describe_stacks()["Stacks"] if one["StackName"] == stack_name]
template = json.loads(json.dumps(cloudformation.get_template(StackName=stack_name)["TemplateBody"])) if stacks else {}
definitions = template.get("Resources", {})
resources = {
    one["LogicalResourceId"]: {"id": one["PhysicalResourceId"], "type": one["ResourceType"]}
    for one in (cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"] if stacks else [])
}
print(
    json.dumps(
        {
            "stack": [{key: one.get(key) for key in ("StackStatus", "Tags")} for one in stacks],
            "outputs": {one["OutputKey"]: one["OutputValue"] for stack in stacks for one in stack.get("Outputs", [])},
            "resources": resources,
            "functions": [
                function(logical_id, one["id"], definitions[logical_id]["Properties"])
                for logical_id, one in resources.items()
                if one["type"] == "AWS::Lambda::Function"
            ],
            "apis": list(apis()),
            "schedules": list(schedules()),
            "mappings": list(mappings()),
            "queues": list(queues()),
            "tables": client("dynamodb").list_tables()["TableNames"],
            "buckets": [one["Name"] for one in client("s3").list_buckets()["Buckets"]],
            "logGroups": [one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]],
            "secrets": [one["Name"] for one in client("secretsmanager").list_secrets()["SecretList"]],
            "topics": [one["TopicArn"] for one in client("sns").list_topics()["Topics"]],
        }
    )
)
