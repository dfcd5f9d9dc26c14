import { expect, test } from 'vitest'
import { ExecCredentials } from './exec-credentials.ts'

const V1 = 'client.authentication.k8s.io/v1'

/** A helper that prints `text` and ends with `code`. */
function helper(text: string, code = 0, nowMs?: () => number): ExecCredentials {
  const args = ['-c', 'printf "%s" "$0"; echo complaint >&2; exit "$1"', text, String(code)]
  const rest = { env: [], installHint: 'apt install it', interactiveMode: 'Never', cluster: undefined }
  return new ExecCredentials({ apiVersion: V1, command: 'sh', args, ...rest }, '/', nowMs)
}

const answer = (status: unknown, apiVersion = V1): string =>
  JSON.stringify({ kind: 'ExecCredential', apiVersion, status })

test('a token, kept until it expires', async () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z')
  const credentials = helper(
    answer({ token: 't', expirationTimestamp: '2026-01-01T00:10:00Z' }),
    0,
    () => nowMs,
  )
  const first = await credentials.get()
  expect(first).toMatchObject({ token: 't', certificate: '', key: '' })
  expect(await credentials.get()).toBe(first)
  nowMs += 11 * 60_000
  expect(await credentials.get()).not.toBe(first)
})

test('asked for twice at once, the helper runs once', async () => {
  const credentials = helper(answer({ clientCertificateData: 'C', clientKeyData: 'K' }))
  const [one, other] = await Promise.all([credentials.get(), credentials.get()])
  expect(one).toBe(other)
  expect(one).toEqual({ token: '', certificate: 'C', key: 'K', expiresMs: Infinity })
})

test.each([
  [answer({ token: 't' }), 3, /executable sh failed with exit code 3: complaint/],
  ['nonsense', 0, /decoding stdout/],
  [answer({ token: 't' }, 'client.authentication.k8s.io/v1beta1'), 0, /configured to use API version client.authentication.k8s.io\/v1, plugin returned version client.authentication.k8s.io\/v1beta1/],
  [JSON.stringify({ apiVersion: V1 }), 0, /didn't return a status field/],
  [answer({}), 0, /didn't return a token or cert\/key pair/],
  [answer({ clientKeyData: 'K' }), 0, /only certificate or key, not both/],
  [answer({ token: 't', expirationTimestamp: 'soon' }), 0, /expirationTimestamp "soon", expected RFC 3339/],
])('refused: %s, exit code %i', async (text, code, message) => {
  await expect(helper(text, code).get()).rejects.toThrow(message)
}) // prettier-ignore

test('a helper that is not installed: with the hint of the kubeconfig', async () => {
  const rest = {
    args: [],
    env: [],
    installHint: 'apt install it',
    interactiveMode: 'Never',
    cluster: undefined,
  }
  const credentials = new ExecCredentials({ apiVersion: V1, command: 'not-there-at-all', ...rest }, '/')
  await expect(credentials.get()).rejects.toThrow('executable not-there-at-all not found\n\napt install it')
})
