import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { objectOf, parseObject, stringOf } from '../json.ts'
import type { JsonObject } from '../json.ts'

const API_GROUP = 'client.authentication.k8s.io'
const API_VERSIONS = [`${API_GROUP}/v1`, `${API_GROUP}/v1beta1`]
const INTERACTIVE_MODES = ['Never', 'IfAvailable', 'Always']
/** A helper that takes longer waits for somebody, or for a network that is not there. */
const RUN_MS = 60_000
const OUTPUT_BYTES_MAX = 1024 * 1024
/** Of what a helper complains, for the error. */
const COMPLAINT_CHARACTERS = 500

/** `exec` of a kubeconfig's user. */
export interface ExecConfig {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly installHint: string
  readonly interactiveMode: string
  /** What is told of the cluster; undefined without `provideClusterInfo`. */
  readonly cluster: JsonObject | undefined
}

/** What proves who we are; texts that are empty are not given. */
export interface ExecCredential {
  readonly token: string
  readonly certificate: string
  readonly key: string
  /** Unix milliseconds; Infinity when the helper names no end. */
  readonly expiresMs: number
}

/** @throws Error naming what client-go's protocol does not have */
export function checkExecConfig({ apiVersion, command, interactiveMode }: ExecConfig): void {
  if (!API_VERSIONS.includes(apiVersion))
    throw new Error(
      `exec: apiVersion "${apiVersion}" is not supported, expected ${API_VERSIONS.join(' or ')}`,
    )
  if (command === '') throw new Error('exec: command must be specified')
  if (interactiveMode === '' && apiVersion.endsWith('/v1'))
    throw new Error(
      `exec: interactiveMode must be specified for ${apiVersion}: ${INTERACTIVE_MODES.join(', ')}`,
    )
  if (interactiveMode !== '' && !INTERACTIVE_MODES.includes(interactiveMode))
    throw new Error(`exec: interactiveMode "${interactiveMode}" is none of ${INTERACTIVE_MODES.join(', ')}`)
  if (interactiveMode === 'Always')
    throw new Error('exec: the helper wants a terminal (interactiveMode: Always), and a server has none')
}

/**
 * Credentials from a program that the kubeconfig names (`aws eks get-token`, `gke-gcloud-auth-plugin` …), by client-go's protocol: they are kept
 * until they expire, or until the API server refuses them.
 */
export class ExecCredentials {
  readonly #config: ExecConfig
  readonly #folder: string
  readonly #nowMs: () => number
  #current: ExecCredential | undefined
  #running: Promise<ExecCredential> | undefined

  /** @param folder of the kubeconfig: a command with a `/` counts from there */
  constructor(config: ExecConfig, folder: string, nowMs: () => number = Date.now) {
    checkExecConfig(config)
    this.#config = config
    this.#folder = folder
    this.#nowMs = nowMs
  }

  /** @throws Error saying what the helper did; the next call runs it again */
  async get(): Promise<ExecCredential> {
    if (this.#current !== undefined && this.#nowMs() < this.#current.expiresMs) return this.#current
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** The API server does not take them. */
  forget(): void {
    this.#current = undefined
  }

  async #run(): Promise<ExecCredential> {
    this.#current = credentialOf(await this.#output(), this.#config.apiVersion)
    return this.#current
  }

  #output(): Promise<string> {
    const { command, args, env, apiVersion, cluster, installHint } = this.#config
    const spec = { interactive: false, ...(cluster === undefined ? {} : { cluster }) }
    const info = JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })
    const program = command.includes('/') ? resolve(this.#folder, command) : command
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...Object.fromEntries(env), KUBERNETES_EXEC_INFO: info },
      timeout: RUN_MS,
      killSignal: 'SIGKILL',
    })
    return new Promise((done, fail) => {
      const parts: Buffer[] = []
      let bytes = 0
      let complaint = ''
      child.stdout.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > OUTPUT_BYTES_MAX) child.kill('SIGKILL')
        else parts.push(part)
      })
      child.stderr.on('data', (part: Buffer) => {
        complaint = (complaint + part.toString()).slice(-COMPLAINT_CHARACTERS)
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        const what = error.code === 'ENOENT' ? `executable ${command} not found` : error.message
        fail(new Error(`getting credentials: exec: ${what}${installHint === '' ? '' : `\n\n${installHint}`}`))
      })
      child.on('close', (code, signal) => {
        if (code === 0) return done(Buffer.concat(parts).toString('utf8'))
        const how =
          bytes > OUTPUT_BYTES_MAX
            ? `wrote more than ${OUTPUT_BYTES_MAX} bytes`
            : code === null
              ? `was ended by ${signal} (it may run for ${RUN_MS / 1000} s)`
              : `failed with exit code ${code}`
        const said = complaint.trim() === '' ? '' : `: ${complaint.trim()}`
        fail(new Error(`getting credentials: exec: executable ${command} ${how}${said}`))
      })
    })
  }
}

/** @throws Error naming what is missing */
function credentialOf(text: string, apiVersion: string): ExecCredential {
  let answer: JsonObject
  try {
    answer = parseObject(text)
  } catch (error) {
    throw new Error(`getting credentials: decoding stdout: ${(error as Error).message}`, { cause: error })
  }
  const fail = (what: string): never => {
    throw new Error(`getting credentials: ${what}`)
  }
  const version = stringOf(answer['apiVersion'])
  if (version !== apiVersion)
    fail(`exec plugin is configured to use API version ${apiVersion}, plugin returned version ${version}`)
  if (answer['status'] === undefined) fail("exec plugin didn't return a status field")
  const status = objectOf(answer['status'])
  const [token, certificate, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((field) =>
    stringOf(status[field]),
  ) as [string, string, string]
  if (token === '' && certificate === '' && key === '')
    fail("exec plugin didn't return a token or cert/key pair")
  if ((certificate === '') !== (key === '')) fail('exec plugin returned only certificate or key, not both')
  const expiry = stringOf(status['expirationTimestamp'])
  const expiresMs = expiry === '' ? Infinity : Date.parse(expiry)
  if (Number.isNaN(expiresMs)) fail(`exec plugin returned expirationTimestamp "${expiry}", expected RFC 3339`)
  return { token, certificate, key, expiresMs }
}
