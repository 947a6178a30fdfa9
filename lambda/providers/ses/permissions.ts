import type { AwsPermissions, AwsResource } from '../aws-permissions.ts';
import type { SesOptions } from './options.ts';

/** IAM permissions of the roles that use SES. The permission to send is limited to the identities in the options. */
export const permissions: AwsPermissions<SesOptions> = {
  send({ identities, configurationSet, trackingSets = {}, fromIdentityArn, region }) {
    // An identity can have a default configuration set, for which SES requires a permission too. Its name is not known here.
    const sets =
      configurationSet === undefined ? ['*'] : [...new Set([configurationSet, ...Object.values(trackingSets)])];
    const named =
      (resource: string) =>
      (name: string): AwsResource => ({ service: 'ses', region, resource, name });
    return {
      // Both actions are needed: SES also checks `ses:SendRawEmail` if a SendEmail call of API v2 contains raw MIME.
      actions: ['ses:SendEmail', 'ses:SendRawEmail'],
      resources: [
        // If the identity belongs to another account, its ARN is the resource. The policy of its owner limits the use of the
        // identity.
        ...(fromIdentityArn === undefined ? identities.map(named('identity')) : [fromIdentityArn]),
        ...sets.map(named('configuration-set')),
      ],
      conditions: {
        StringLike: {
          'ses:FromAddress': identities.flatMap((identity) =>
            identity.includes('@') ? [identity] : [`*@${identity}`, `*@*.${identity}`],
          ),
        },
      },
    };
  },
  anyResource:
    "An identity's default configuration set is not known here; From addresses stay limited to the identities.",
  // The service authorization reference of SES v2 (2026-11-25) has no resource type for these actions.
  health: ({ region }) => ({ actions: ['ses:GetAccount'], region }),
  ownList: ({ region }) => ({
    actions: ['ses:ListSuppressedDestinations', 'ses:PutSuppressedDestination', 'ses:DeleteSuppressedDestination'],
    region,
  }),
  noResource:
    'ses:GetAccount and the suppression list have no resource type; they are about the account and limited to its regions.',
};
