"""Implements CloudFormation resources by calls of moto's service APIs, which check every parameter.

Each resource makes the same calls as CloudFormation does for it. The access key CLOUDFORMATION marks these calls in the call log.
"""

import json
import uuid
from functools import lru_cache

import boto3
from botocore.config import Config

ENDPOINT = ""


@lru_cache
def client(service, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id="CLOUDFORMATION",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


TYPES = {}


class Resource:
    """A resource of a stack. `Ref` returns its `id`, and `Fn::GetAtt` returns one of its `attributes`."""

    def __init__(self, name, account, region):
        self.name = name
        self.id = name
        self.account = account
        self.region = region
        self.attributes = {}

    def __init_subclass__(cls, kind):
        TYPES[kind] = cls

    def api(self, service):
        return client(service, self.region)

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    @property
    def physical_resource_id(self):
        return self.id

    def get_cfn_attribute(self, name):
        if name not in self.attributes:
            raise NotImplementedError(f"{type(self).__name__}.{name}")
        return self.attributes[name]

    def is_created(self):
        return True

    def update(self, properties):
        """Updates the resource. By default, the call that creates the resource also updates it."""
        self.create(properties)


def strings(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


class Queue(Resource, kind="AWS::SQS::Queue"):
    def create(self, p):
        name = p.get("QueueName", self.name)[:80]
        url = self.api("sqs").create_queue(QueueName=name, Attributes=self.settings(p), tags=strings(p.get("Tags")))
        self.id = url["QueueUrl"]
        self.attributes = {"Arn": self.arn("sqs", name), "QueueName": name}

    def update(self, p):
        self.api("sqs").set_queue_attributes(QueueUrl=self.id, Attributes=self.settings(p))

    def remove(self):
        self.api("sqs").delete_queue(QueueUrl=self.id)

    @staticmethod
    def settings(p):
        text = lambda value: json.dumps(value) if isinstance(value, (dict, bool)) else str(value)  # noqa: E731
        return {key: text(value) for key, value in p.items() if key not in ("QueueName", "Tags")}


class QueuePolicy(Resource, kind="AWS::SQS::QueuePolicy"):
    def create(self, p):
        for url in p["Queues"]:
            policy = json.dumps(p["PolicyDocument"])
            self.api("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def remove(self):
        for url in self.properties["Queues"]:
            self.api("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


class Bucket(Resource, kind="AWS::S3::Bucket"):
    def create(self, p):
        self.id = p.get("BucketName", self.name)
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.api("s3").create_bucket(Bucket=self.id, **({} if self.region == "us-east-1" else elsewhere))
        self.attributes = {"Arn": f"arn:aws:s3:::{self.id}"}
        self.update(p)

    def update(self, p):
        s3 = self.api("s3")
        if "PublicAccessBlockConfiguration" in p:
            s3.put_public_access_block(
                Bucket=self.id, PublicAccessBlockConfiguration=p["PublicAccessBlockConfiguration"]
            )
        if "BucketEncryption" in p:
            rules = [
                {
                    "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
                    "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
                }
                for rule in p["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
            s3.put_bucket_encryption(Bucket=self.id, ServerSideEncryptionConfiguration={"Rules": rules})
        if "OwnershipControls" in p:
            s3.put_bucket_ownership_controls(Bucket=self.id, OwnershipControls=p["OwnershipControls"])
        if "LifecycleConfiguration" in p:
            s3.put_bucket_lifecycle_configuration(
                Bucket=self.id, LifecycleConfiguration={"Rules": [self.rule(r) for r in p["LifecycleConfiguration"]["Rules"]]}
            )

    def remove(self):
        self.api("s3").delete_bucket(Bucket=self.id)

    @staticmethod
    def rule(rule):
        given = {key: value for key, value in rule.items() if key not in ("ExpirationInDays", "Prefix")}
        return {**given, "Filter": {"Prefix": rule.get("Prefix", "")}, "Expiration": {"Days": rule["ExpirationInDays"]}}


class BucketPolicy(Resource, kind="AWS::S3::BucketPolicy"):
    def create(self, p):
        # One statement refuses requests over plain HTTP. moto ignores its condition and would refuse all requests; this server has no TLS.
        statements = [
            one for one in p["PolicyDocument"]["Statement"] if "aws:SecureTransport" not in json.dumps(one.get("Condition"))
        ]
        if statements:
            policy = json.dumps({**p["PolicyDocument"], "Statement": statements})
            self.api("s3").put_bucket_policy(Bucket=p["Bucket"], Policy=policy)

    def remove(self):
        self.api("s3").delete_bucket_policy(Bucket=self.properties["Bucket"])


class GlobalTable(Resource, kind="AWS::DynamoDB::GlobalTable"):
    def create(self, p):
        self.id = p.get("TableName", self.name)
        key = p["Replicas"][0].get("SSESpecification", {}).get("KMSMasterKeyId")
        encryption = {"SSESpecification": {**p["SSESpecification"], "KMSMasterKeyId": key}} if key else {}
        table = self.api("dynamodb").create_table(
            TableName=self.id,
            AttributeDefinitions=p["AttributeDefinitions"],
            KeySchema=p["KeySchema"],
            BillingMode=p["BillingMode"],
            **encryption,
        )
        self.attributes = {"Arn": table["TableDescription"]["TableArn"]}
        self.update(p)
        if "TimeToLiveSpecification" in p:
            self.api("dynamodb").update_time_to_live(
                TableName=self.id, TimeToLiveSpecification=p["TimeToLiveSpecification"]
            )

    def update(self, p):
        replica = p["Replicas"][0]
        dynamodb = self.api("dynamodb")
        key = replica.get("SSESpecification", {}).get("KMSMasterKeyId")
        if key:
            dynamodb.update_table(
                TableName=self.id, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
            )
        dynamodb.update_table(
            TableName=self.id, DeletionProtectionEnabled=replica.get("DeletionProtectionEnabled", False)
        )
        backups = replica.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
        dynamodb.update_continuous_backups(TableName=self.id, PointInTimeRecoverySpecification=backups)

    def remove(self):
        self.api("dynamodb").delete_table(TableName=self.id)


class Secret(Resource, kind="AWS::SecretsManager::Secret"):
    def create(self, p):
        generate = p["GenerateSecretString"]
        password = self.api("secretsmanager").get_random_password(
            PasswordLength=generate.get("PasswordLength", 32), ExcludePunctuation=generate.get("ExcludePunctuation", False)
        )["RandomPassword"]
        fields = {**json.loads(generate["SecretStringTemplate"]), generate["GenerateStringKey"]: password}
        key = {"KmsKeyId": p["KmsKeyId"]} if "KmsKeyId" in p else {}
        self.id = self.api("secretsmanager").create_secret(
            Name=p.get("Name", self.name), Description=p.get("Description", ""), SecretString=json.dumps(fields), **key
        )["ARN"]

    def update(self, p):
        key = {"KmsKeyId": p["KmsKeyId"]} if "KmsKeyId" in p else {}
        self.api("secretsmanager").update_secret(SecretId=self.id, Description=p.get("Description", ""), **key)

    def remove(self):
        self.api("secretsmanager").delete_secret(SecretId=self.id, ForceDeleteWithoutRecovery=True)


class Key(Resource, kind="AWS::KMS::Key"):
    def create(self, p):
        key = self.api("kms").create_key(Description=p.get("Description", ""), Policy=json.dumps(p["KeyPolicy"]))
        self.id = key["KeyMetadata"]["KeyId"]
        self.attributes = {"Arn": key["KeyMetadata"]["Arn"], "KeyId": self.id}
        if p.get("EnableKeyRotation"):
            self.api("kms").enable_key_rotation(KeyId=self.id)

    def update(self, p):
        self.api("kms").put_key_policy(KeyId=self.id, PolicyName="default", Policy=json.dumps(p["KeyPolicy"]))

    def remove(self):
        self.api("kms").schedule_key_deletion(KeyId=self.id, PendingWindowInDays=7)


class LogGroup(Resource, kind="AWS::Logs::LogGroup"):
    def create(self, p):
        self.id = p.get("LogGroupName", self.name)
        key = {"kmsKeyId": p["KmsKeyId"]} if "KmsKeyId" in p else {}
        self.api("logs").create_log_group(logGroupName=self.id, **key)
        self.attributes = {"Arn": f"{self.arn('logs', 'log-group:' + self.id)}:*"}
        self.update(p)

    def update(self, p):
        # moto has no AssociateKmsKey. Therefore a key that an update adds is not checked.
        if "RetentionInDays" in p:
            self.api("logs").put_retention_policy(logGroupName=self.id, retentionInDays=p["RetentionInDays"])

    def remove(self):
        self.api("logs").delete_log_group(logGroupName=self.id)


class MetricFilter(Resource, kind="AWS::Logs::MetricFilter"):
    def create(self, p):
        self.id = p.get("FilterName", self.id)
        changes = [
            {key[0].lower() + key[1:]: value for key, value in one.items()} for one in p["MetricTransformations"]
        ]
        self.api("logs").put_metric_filter(
            logGroupName=p["LogGroupName"],
            filterName=self.id,
            filterPattern=p["FilterPattern"],
            metricTransformations=changes,
        )

    def remove(self):
        self.api("logs").delete_metric_filter(logGroupName=self.properties["LogGroupName"], filterName=self.id)


class NotInMoto(Resource, kind="not a type"):
    """A resource for which moto has no service API. Its properties are not checked."""

    def create(self, p):
        pass

    def remove(self):
        pass


class QueryDefinition(NotInMoto, kind="AWS::Logs::QueryDefinition"):
    pass


class CompositeAlarm(NotInMoto, kind="AWS::CloudWatch::CompositeAlarm"):
    def create(self, p):
        self.id = p["AlarmName"]
        self.attributes = {"Arn": self.arn("cloudwatch", f"alarm:{self.id}")}


class Metadata(NotInMoto, kind="AWS::CDK::Metadata"):
    pass


class Role(Resource, kind="AWS::IAM::Role"):
    def create(self, p):
        self.id = p.get("RoleName", self.name)[:64]
        boundary = {"PermissionsBoundary": p["PermissionsBoundary"]} if "PermissionsBoundary" in p else {}
        role = self.api("iam").create_role(
            RoleName=self.id,
            AssumeRolePolicyDocument=json.dumps(p["AssumeRolePolicyDocument"]),
            Description=p.get("Description", ""),
            **boundary,
        )["Role"]
        self.attributes = {"Arn": role["Arn"], "RoleId": role["RoleId"]}
        for arn in p.get("ManagedPolicyArns", []):
            self.api("iam").attach_role_policy(RoleName=self.id, PolicyArn=arn)

    def update(self, p):
        self.api("iam").update_assume_role_policy(
            RoleName=self.id, PolicyDocument=json.dumps(p["AssumeRolePolicyDocument"])
        )
        self.api("iam").update_role(RoleName=self.id, Description=p.get("Description", ""))

    def remove(self):
        self.api("iam").delete_role(RoleName=self.id)


class Policy(Resource, kind="AWS::IAM::Policy"):
    def create(self, p):
        self.id = p["PolicyName"]
        for role in p["Roles"]:
            self.api("iam").put_role_policy(
                RoleName=role, PolicyName=self.id, PolicyDocument=json.dumps(p["PolicyDocument"])
            )

    def remove(self):
        for role in self.properties["Roles"]:
            self.api("iam").delete_role_policy(RoleName=role, PolicyName=self.id)


class Function(Resource, kind="AWS::Lambda::Function"):
    CODE = ("Code", "Architectures")
    # Settings of a function that moto's Lambda does not know.
    UNKNOWN = ("RecursiveLoop",)

    def create(self, p):
        self.id = p.get("FunctionName", self.name)[-64:]
        p = {key: value for key, value in p.items() if key not in self.UNKNOWN}
        tags = strings(p.pop("Tags", []))
        reserved = p.pop("ReservedConcurrentExecutions", None)
        function = self.api("lambda").create_function(**{**p, "FunctionName": self.id, "Tags": tags})
        self.attributes = {"Arn": function["FunctionArn"]}
        self.reserve(reserved)

    def reserve(self, number):
        if number is None:
            self.api("lambda").delete_function_concurrency(FunctionName=self.id)
        else:
            self.api("lambda").put_function_concurrency(FunctionName=self.id, ReservedConcurrentExecutions=number)

    def update(self, p):
        p = dict(p)
        self.reserve(p.pop("ReservedConcurrentExecutions", None))
        settings = {key: value for key, value in p.items() if key not in (*self.CODE, *self.UNKNOWN, "Tags")}
        self.api("lambda").update_function_configuration(FunctionName=self.id, **settings)
        self.api("lambda").update_function_code(FunctionName=self.id, Architectures=p["Architectures"], **p["Code"])

    def remove(self):
        self.api("lambda").delete_function(FunctionName=self.id)


class SecurityGroup(Resource, kind="AWS::EC2::SecurityGroup"):
    def create(self, p):
        self.id = self.api("ec2").create_security_group(
            GroupName=p.get("GroupName", self.name), Description=p["GroupDescription"], VpcId=p["VpcId"]
        )["GroupId"]
        self.attributes = {"GroupId": self.id, "VpcId": p["VpcId"]}

    def update(self, p):
        # A new security group already allows all outgoing traffic. The functions need no other rule.
        pass

    def remove(self):
        self.api("ec2").delete_security_group(GroupId=self.id)


class Permission(Resource, kind="AWS::Lambda::Permission"):
    def create(self, p):
        self.id = f"statement-{uuid.uuid4()}"
        self.api("lambda").add_permission(StatementId=self.id, **p)

    def remove(self):
        self.api("lambda").remove_permission(FunctionName=self.properties["FunctionName"], StatementId=self.id)


class EventSourceMapping(Resource, kind="AWS::Lambda::EventSourceMapping"):
    def create(self, p):
        p = {key: value for key, value in p.items() if key != "Tags"}
        self.id = self.api("lambda").create_event_source_mapping(**p)["UUID"]

    def update(self, p):
        p = {key: value for key, value in p.items() if key not in ("EventSourceArn", "Tags")}
        self.api("lambda").update_event_source_mapping(UUID=self.id, **p)

    def remove(self):
        self.api("lambda").delete_event_source_mapping(UUID=self.id)


class EventInvokeConfig(Resource, kind="AWS::Lambda::EventInvokeConfig"):
    def create(self, p):
        self.api("lambda").put_function_event_invoke_config(
            FunctionName=p["FunctionName"],
            Qualifier=p["Qualifier"],
            MaximumRetryAttempts=p["MaximumRetryAttempts"],
            MaximumEventAgeInSeconds=p["MaximumEventAgeInSeconds"],
        )

    def remove(self):
        # The configuration is deleted together with its function, which moto may have deleted already.
        pass


class Rule(Resource, kind="AWS::Events::Rule"):
    def create(self, p):
        self.id = p.get("Name", self.name)[:64]
        given = {key: p[key] for key in ("Description", "ScheduleExpression", "State", "EventBusName") if key in p}
        if "EventPattern" in p:
            given["EventPattern"] = json.dumps(p["EventPattern"])
        arn = self.api("events").put_rule(Name=self.id, **given)["RuleArn"]
        self.attributes = {"Arn": arn}
        self.api("events").put_targets(Rule=self.id, Targets=p["Targets"])

    def remove(self):
        ids = [target["Id"] for target in self.properties["Targets"]]
        self.api("events").remove_targets(Rule=self.id, Ids=ids)
        self.api("events").delete_rule(Name=self.id)


class Pipe(Resource, kind="AWS::Pipes::Pipe"):
    def create(self, p):
        self.id = p.get("Name", self.name)[:64]
        arn = self.api("pipes").create_pipe(**{**p, "Name": self.id})["Arn"]
        self.attributes = {"Arn": arn}

    def update(self, p):
        given = {key: value for key, value in p.items() if key not in ("Name", "Source", "Tags")}
        self.api("pipes").update_pipe(Name=self.id, **given)

    def remove(self):
        self.api("pipes").delete_pipe(Name=self.id)


class Topic(Resource, kind="AWS::SNS::Topic"):
    def create(self, p):
        name = p.get("TopicName", self.name)
        known = {key: str(p[key]) for key in ("DisplayName", "KmsMasterKeyId") if key in p}
        self.id = self.api("sns").create_topic(Name=name, Attributes=known)["TopicArn"]
        self.attributes = {"TopicArn": self.id, "TopicName": name}

    def update(self, p):
        key = p.get("KmsMasterKeyId", "")
        self.api("sns").set_topic_attributes(TopicArn=self.id, AttributeName="KmsMasterKeyId", AttributeValue=key)

    def remove(self):
        self.api("sns").delete_topic(TopicArn=self.id)


class TopicPolicy(Resource, kind="AWS::SNS::TopicPolicy"):
    def create(self, p):
        for topic in p["Topics"]:
            self.api("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(p["PolicyDocument"])
            )

    def remove(self):
        # The policy is deleted together with its topic.
        pass


class Subscription(Resource, kind="AWS::SNS::Subscription"):
    def create(self, p):
        given = {"RawMessageDelivery": "true"} if p.get("RawMessageDelivery") else {}
        self.id = self.api("sns").subscribe(
            TopicArn=p["TopicArn"],
            Protocol=p["Protocol"],
            Endpoint=p["Endpoint"],
            Attributes=given,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    def remove(self):
        self.api("sns").unsubscribe(SubscriptionArn=self.id)


class Alarm(Resource, kind="AWS::CloudWatch::Alarm"):
    def create(self, p):
        self.id = p["AlarmName"]
        self.api("cloudwatch").put_metric_alarm(**p)
        self.attributes = {"Arn": self.arn("cloudwatch", f"alarm:{self.id}")}

    def remove(self):
        self.api("cloudwatch").delete_alarms(AlarmNames=[self.id])


class Dashboard(Resource, kind="AWS::CloudWatch::Dashboard"):
    def create(self, p):
        self.id = p.get("DashboardName", self.name)
        self.api("cloudwatch").put_dashboard(DashboardName=self.id, DashboardBody=p["DashboardBody"])

    def remove(self):
        self.api("cloudwatch").delete_dashboards(DashboardNames=[self.id])


class Api(Resource, kind="AWS::ApiGatewayV2::Api"):
    def create(self, p):
        self.id = self.api("apigatewayv2").create_api(**p)["ApiId"]
        self.attributes = {"ApiId": self.id, "ApiEndpoint": f"https://{self.id}.execute-api.{self.region}.amazonaws.com"}

    def update(self, p):
        self.api("apigatewayv2").update_api(ApiId=self.id, Name=p["Name"], Description=p.get("Description", ""))

    def remove(self):
        self.api("apigatewayv2").delete_api(ApiId=self.id)


class Integration(Resource, kind="AWS::ApiGatewayV2::Integration"):
    def create(self, p):
        self.id = self.api("apigatewayv2").create_integration(**p)["IntegrationId"]

    def update(self, p):
        self.api("apigatewayv2").update_integration(IntegrationId=self.id, **p)

    def remove(self):
        self.api("apigatewayv2").delete_integration(ApiId=self.properties["ApiId"], IntegrationId=self.id)


class Route(Resource, kind="AWS::ApiGatewayV2::Route"):
    def create(self, p):
        self.id = self.api("apigatewayv2").create_route(**p)["RouteId"]

    def update(self, p):
        self.api("apigatewayv2").update_route(RouteId=self.id, **p)

    def remove(self):
        self.api("apigatewayv2").delete_route(ApiId=self.properties["ApiId"], RouteId=self.id)


class Stage(Resource, kind="AWS::ApiGatewayV2::Stage"):
    def create(self, p):
        self.id = p["StageName"]
        self.api("apigatewayv2").create_stage(**p)

    def update(self, p):
        # moto cannot update a stage, so the stage is deleted and created again.
        self.remove()
        self.create(p)

    def remove(self):
        self.api("apigatewayv2").delete_stage(ApiId=self.properties["ApiId"], StageName=self.id)


class ReceiptRuleSet(Resource, kind="AWS::SES::ReceiptRuleSet"):
    def create(self, p):
        self.id = p.get("RuleSetName", self.name)
        self.api("ses").create_receipt_rule_set(RuleSetName=self.id)

    def remove(self):
        # moto has no operation DeleteReceiptRuleSet.
        pass


class ReceiptRule(Resource, kind="AWS::SES::ReceiptRule"):
    def create(self, p):
        self.id = p["Rule"].get("Name", self.name)[:64]
        self.api("ses").create_receipt_rule(RuleSetName=p["RuleSetName"], Rule={"Name": self.id, **p["Rule"]})

    def update(self, p):
        self.api("ses").update_receipt_rule(RuleSetName=p["RuleSetName"], Rule={"Name": self.id, **p["Rule"]})

    def remove(self):
        # moto has no operation DeleteReceiptRule.
        pass


class ConfigurationSet(Resource, kind="AWS::SES::ConfigurationSet"):
    def create(self, p):
        self.id = p.get("Name", self.name)[:64]
        self.api("sesv2").create_configuration_set(ConfigurationSetName=self.id)

    def update(self, p):
        pass

    def remove(self):
        self.api("sesv2").delete_configuration_set(ConfigurationSetName=self.id)


class EventDestination(NotInMoto, kind="AWS::SES::ConfigurationSetEventDestination"):
    pass
