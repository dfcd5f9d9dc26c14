import { readFile } from 'node:fs/promises'
import type { HttpClientConfig } from './config.ts'
import { authorizationOf } from './config.ts'
import { HttpRequestError } from './errors.ts'

/**
 * Headers that prove who we are: `Authorization` of basic_auth or authorization, and http_headers. Files are read each
 * time, so that a rotated secret needs no reload. OAuth 2.0 is not among them (see `OAuth2TokenSource`).
 */
export async function credentialHeaders(config: HttpClientConfig): Promise<[name: string, value: string][]> {
  const headers: [string, string][] = []
  const { basic_auth: basic } = config
  if (basic !== undefined) {
    const username = await secretText(basic.username, basic.username_file, 'basic auth username')
    const password = await secretText(basic.password.reveal(), basic.password_file, 'basic auth password')
    headers.push(['authorization', `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`])
  }
  const authorization = authorizationOf(config)
  if (authorization !== undefined) {
    const { type, credentials, credentials_file: file } = authorization
    headers.push([
      'authorization',
      `${type} ${await secretText(credentials.reveal(), file, 'authorization credentials')}`,
    ])
  }
  for (const [name, { values, secrets, files }] of Object.entries(config.http_headers)) {
    for (const value of values) headers.push([name, value])
    for (const value of secrets) headers.push([name, value.reveal()])
    for (const file of files) headers.push([name, await secretText('', file, 'headers')])
  }
  return headers
}

/** The text itself, or that of the file with blanks around it cut. */
export async function secretText(inline: string, file: string, what: string): Promise<string> {
  if (file === '') return inline
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new HttpRequestError(`unable to read ${what} file ${file}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
