// The policy of tests about AWS signatures.

import type { PolicyInput } from 'lws-secure-streams'

/** SHA-256 of nothing. */
export const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** The streamtype of a GET that AWS takes when its `auth` entry is named `aws`. */
export const signed = {
  http_method: 'GET',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the policy's own substitution
  http_url: '/${url}',
  metadata: [
    { url: '' },
    { region: '' },
    { service: '' },
    { date: 'x-amz-date:' },
    { hash: 'x-amz-content-sha256:' },
    { token: 'X-Amz-Security-Token:' },
  ],
  aws_region: 'region',
  aws_service: 'service',
} as const
/** What its policy has besides. */
export const AWS: PolicyInput = { auth: [{ name: 'aws', type: 'sigv4', blob: 1 }] }
