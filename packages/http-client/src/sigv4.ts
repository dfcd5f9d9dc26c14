import { createHash, createHmac } from 'node:crypto'

/** Keys for AWS Signature Version 4. */
export interface AwsCredentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string
}

export interface SignableRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

/**
 * The headers that sign a request (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html);
 * all given headers are signed, and `host`.
 * @param service  `aps` for Amazon's Prometheus
 */
export function signAws(
  request: SignableRequest,
  credentials: AwsCredentials,
  region: string,
  service: string,
  nowMs: number,
): Record<string, string> {
  const url = new URL(request.url)
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = stamp.slice(0, 8)
  const bodyHash = sha256(request.body)
  const added: Record<string, string> = {
    'x-amz-date': stamp,
    'x-amz-content-sha256': bodyHash,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const all: Record<string, string> = { host: url.host, ...added }
  for (const [name, value] of Object.entries(request.headers)) all[name.toLowerCase()] = value
  const names = Object.keys(all).sort()
  const signedHeaders = names.join(';')
  const canonical = [
    request.method,
    url.pathname.split('/').map(encodePart).join('/'),
    canonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${all[name]!.trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders,
    bodyHash,
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretKey}`,
  )
  const signature = createHmac('sha256', key).update(toSign).digest('hex')
  return {
    ...added,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  }
}

function canonicalQuery(params: URLSearchParams): string {
  return [...params]
    .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
    .sort()
    .join('&')
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}
