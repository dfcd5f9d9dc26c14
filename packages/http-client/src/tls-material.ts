import { readFile, stat } from 'node:fs/promises'
import type { TlsConfig } from './config.ts'

/** What Node's TLS sockets take. */
export interface TlsMaterial {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized: boolean
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
}

const NODE_VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const

/** Changes when a certificate, key or CA file does: size and time of each. `''` when none is configured. */
export async function tlsStamp(config: TlsConfig | undefined): Promise<string> {
  const files = [config?.ca_file, config?.cert_file, config?.key_file].filter(
    (name) => name !== undefined && name !== '',
  )
  const stamps = await Promise.all(
    files.map(async (name) => {
      const { mtimeMs, size } = await stat(name!)
      return `${mtimeMs}:${size}`
    }),
  )
  return stamps.join(' ')
}

/** Reads the files of a `tls_config`. Rejects with Node's error naming the file. */
export async function readTlsMaterial(config: TlsConfig | undefined): Promise<TlsMaterial> {
  if (config === undefined) return { rejectUnauthorized: true }
  const [ca, cert, key] = await Promise.all([
    inlineOrFile(config.ca, config.ca_file),
    inlineOrFile(config.cert, config.cert_file),
    inlineOrFile(config.key.reveal(), config.key_file),
  ])
  return {
    rejectUnauthorized: !config.insecure_skip_verify,
    ...(ca === '' ? {} : { ca }),
    ...(cert === '' ? {} : { cert }),
    ...(key === '' ? {} : { key }),
    ...(config.server_name === '' ? {} : { servername: config.server_name }),
    ...(config.min_version === undefined ? {} : { minVersion: NODE_VERSIONS[config.min_version] }),
    ...(config.max_version === undefined ? {} : { maxVersion: NODE_VERSIONS[config.max_version] }),
  }
}

async function inlineOrFile(inline: string, file: string): Promise<string> {
  return file === '' ? inline : readFile(file, 'utf8')
}
