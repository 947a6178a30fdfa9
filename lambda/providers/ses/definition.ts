import type { ProviderDefinition } from '../provider.ts';
import { checkInbound, checkOptions, problemsOf, type SesInboundOptions, type SesOptions } from './options.ts';
import { permissions } from './permissions.ts';

/**
 * File extensions of attachments that SES refuses. The API reference of SES mentions such a list, but does not contain it
 * (API_Attachment, FileName). This list is from a vendor that uses SES
 * (resend.com/docs/knowledge-base/what-attachment-types-are-not-supported, 2026-11-23).
 */
const FORBIDDEN =
  'adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js jse ksh lib lnk ' +
  'mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh2 mshxml msh1xml msh2xml msi ' +
  'msp mst ops pcd pif plg prf prg reg scf scr sct shb shs sys ps1 ps1xml ps2 ps2xml psc1 psc2 tmp url vb vbe vbs vps ' +
  'vsmacros vss vst vsw vxd ws wsc wsf wsh xnk';

/**
 * Definition of Amazon SES, which is used through its API v2. Requests are signed with the role of the Lambda function, so SES
 * needs no secret.
 *
 * SES cannot be asked about an attempt with an unknown outcome. GetMessageInsights needs the MessageId, which was lost together
 * with the answer (API_GetMessageInsights, 2026-11-25). No operation searches messages by a tag. Only delivery events contain the
 * tags of a message.
 */
export const definition: ProviderDefinition<SesOptions, SesInboundOptions> = {
  type: 'ses',
  title: 'Amazon SES',
  checkOptions,
  problems: problemsOf,
  limits: {
    // docs.aws.amazon.com/ses/latest/dg/quotas.html (2026-11-23): 40 MB after base64, 50 recipients per call.
    maxBytes: 40 * 1024 * 1024,
    maxRecipients: 50,
    // SES does not support SMTPUTF8 (API_Destination, 2026-11-23). It refuses an address with a quoted "@" with the text "Missing
    // domain" (seen by users, 2026).
    smtpUtf8: false,
    quotedLocalPart: false,
    forbiddenExtensions: FORBIDDEN.split(' '),
  },
  permissions,
  secretFields: [],
  fromDomains: ({ identities }) => identities,
  sandbox:
    'Sends to `success@simulator.amazonses.com` in place of the recipients. SES bills it (docs.aws.amazon.com/ses, send-an-email-from-console, 2026-11-23).',
  askable: false,
  gauges: ['QuotaHeadroom', 'UnderReview'],
  // SES writes both rates to CloudWatch by default (Developer Guide, reputationdashboard-cloudwatch-alarm, 2026-11-29). SES
  // reviews an account at a bounce rate of 5 % or more, or a complaint rate of 0.1 % or more (reputationdashboardmessages,
  // 2026-11-29).
  reputation: {
    region: ({ region }) => region,
    metrics: [
      {
        title: 'ReputationBounces',
        of: 'bounces',
        namespace: 'AWS/SES',
        name: 'Reputation.BounceRate',
        alarmFrom: 0.04,
      },
      {
        title: 'ReputationComplaints',
        of: 'complaints',
        namespace: 'AWS/SES',
        name: 'Reputation.ComplaintRate',
        alarmFrom: 0.0008,
      },
    ],
  },
  load: () => import('./send.ts'),
  ownList: { mostAdded: 300, load: () => import('./own-list.ts') },
  events: {
    over: 'topic',
    sets: ({ configurationSet, trackingSets = {} }) => [
      ...new Set([configurationSet, ...Object.values(trackingSets)].filter((name) => name !== undefined)),
    ],
    withSet: (options, configurationSet) => ({ ...options, configurationSet }),
    region: ({ region }) => region,
    load: () => import('./events.ts'),
  },
  inbound: {
    over: 'bucket',
    checkOptions: checkInbound,
    received: ({ recipients }) => recipients,
    // docs.aws.amazon.com/ses, receiving-email-concepts (2026-11-25).
    filterHeaders: {
      flag: 'x-ses-spam-verdict',
      score: '',
      spf: 'received-spf',
      dkim: '',
      server: /^amazonses\.com$/,
    },
    secretFields: [],
    optionalSecretFields: [],
    receiptRule: ({ recipients, canary, ruleSetName }) => ({
      recipients: [...recipients, ...(canary ? [canary.to] : [])],
      ruleSetName,
    }),
    load: () => import('./received.ts'),
  },
};
