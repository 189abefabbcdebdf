/**
 * The resource of a segment: which service, function, machine it speaks of.
 *
 * Lambda writes two segments of one invocation, its own (`AWS::Lambda`, with the request id) and the function's
 * (`AWS::Lambda::Function`): they get the same resource, so that they are one unit.
 */
import { type Attributes, madeAttributes } from "../../normalize/made-attributes.ts";
import type { Resource } from "@mayfly/otlp";
import {
  AWS_ECS_CLUSTER_ARN,
  AWS_ECS_CONTAINER_ARN,
  AWS_ECS_LAUNCH_TYPE,
  AWS_ECS_TASK_ARN,
  AWS_ECS_TASK_FAMILY,
  CLOUD_ACCOUNT_ID,
  CLOUD_AVAILABILITY_ZONE,
  CLOUD_PLATFORM,
  CLOUD_PLATFORM_AWS_LAMBDA,
  CLOUD_PROVIDER,
  CLOUD_PROVIDER_AWS,
  CLOUD_REGION,
  CLOUD_RESOURCE_ID,
  CONTAINER_ID,
  CONTAINER_NAME,
  DEPLOYMENT_ENVIRONMENT_NAME,
  FAAS_NAME,
  HOST_ID,
  HOST_IMAGE_ID,
  HOST_TYPE,
  K8S_CLUSTER_NAME,
  K8S_POD_NAME,
  SERVICE_NAME,
  SERVICE_VERSION,
} from "../../normalize/semconv.ts";
import type { Segment } from "./document.ts";
import { type Fields, fieldsOf, textOf } from "../json-fields.ts";

const LAMBDA = /^AWS::Lambda(::Function)?$/;

export const isLambda = ({ fields }: Segment): boolean => LAMBDA.test(textOf(fields["origin"]) ?? "");

const PLATFORMS: ReadonlyMap<string, string> = new Map([
  ["AWS::EC2::Instance", "aws_ec2"],
  ["AWS::ECS::Container", "aws_ecs"],
  ["AWS::ECS::EC2", "aws_ecs"],
  ["AWS::ECS::Fargate", "aws_ecs"],
  ["AWS::EKS::Container", "aws_eks"],
  ["AWS::ElasticBeanstalk::Environment", "aws_elastic_beanstalk"],
  ["AWS::AppRunner::Service", "aws_app_runner"],
]);

export interface Surroundings {
  readonly segment: Segment;
  /** The ARN that it names itself or, the function's of an invocation, Lambda's segment around it does. */
  readonly arn: string | undefined;
}

/** Without a segment (a subsegment that came alone, whose segment did not): nothing is known but whose cloud it is. */
export const resourceOf = (around: Surroundings | undefined): Resource => ({
  attributes: madeAttributes({ [CLOUD_PROVIDER]: CLOUD_PROVIDER_AWS, ...(around && attributesOf(around)) }),
  droppedAttributesCount: 0,
  entityRefs: [],
});

export const arnOf = ({ fields }: Segment): string | undefined =>
  textOf(fieldsOf(fields["aws"])?.["function_arn"]) ?? textOf(fields["resource_arn"]);

const attributesOf = ({ segment, arn }: Surroundings): Attributes => {
  const { name, fields } = segment;
  const [, , , region, account, , functionName] = arn?.split(":") ?? [];
  if (isLambda(segment))
    return {
      [SERVICE_NAME]: name,
      [FAAS_NAME]: functionName || name,
      [CLOUD_PLATFORM]: CLOUD_PLATFORM_AWS_LAMBDA,
      [CLOUD_REGION]: region,
      [CLOUD_ACCOUNT_ID]: account,
      [CLOUD_RESOURCE_ID]: arn?.split(":").slice(0, 7).join(":"), // without version or alias
    };
  const aws = fieldsOf(fields["aws"]) ?? {};
  return {
    [SERVICE_NAME]: name,
    [SERVICE_VERSION]: textOf(fieldsOf(fields["service"])?.["version"]),
    [CLOUD_PLATFORM]: PLATFORMS.get(textOf(fields["origin"]) ?? ""),
    [CLOUD_REGION]: region || textOf(aws["region"]),
    [CLOUD_ACCOUNT_ID]: textOf(aws["account_id"]) ?? account,
    [CLOUD_RESOURCE_ID]: arn,
    ...machineOf(aws),
  };
};

const machineOf = (aws: Fields): Attributes => {
  const [ec2, ecs, eks, beanstalk] = ["ec2", "ecs", "eks", "elastic_beanstalk"].map((kind) => fieldsOf(aws[kind]));
  return {
    [CLOUD_AVAILABILITY_ZONE]: textOf(ec2?.["availability_zone"]) ?? textOf(ecs?.["availability_zone"]),
    [HOST_ID]: textOf(ec2?.["instance_id"]),
    [HOST_TYPE]: textOf(ec2?.["instance_size"]),
    [HOST_IMAGE_ID]: textOf(ec2?.["ami_id"]),
    [CONTAINER_NAME]: textOf(ecs?.["container"]),
    [CONTAINER_ID]: textOf(ecs?.["container_id"]) ?? textOf(eks?.["container_id"]),
    [AWS_ECS_CONTAINER_ARN]: textOf(ecs?.["container_arn"]),
    [AWS_ECS_TASK_ARN]: textOf(ecs?.["task_arn"]),
    [AWS_ECS_TASK_FAMILY]: textOf(ecs?.["task_family"]),
    [AWS_ECS_CLUSTER_ARN]: textOf(ecs?.["cluster_arn"]),
    [AWS_ECS_LAUNCH_TYPE]: textOf(ecs?.["launch_type"])?.toLowerCase(),
    [K8S_POD_NAME]: textOf(eks?.["pod"]),
    [K8S_CLUSTER_NAME]: textOf(eks?.["cluster_name"]),
    [DEPLOYMENT_ENVIRONMENT_NAME]: textOf(beanstalk?.["environment_name"]),
  };
};
