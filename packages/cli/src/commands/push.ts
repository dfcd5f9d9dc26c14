import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseExposition } from '@promontory/exposition'
import { Labels, parseDuration } from '@promontory/model'
import { compressSnappy, encodeWriteRequest, type OutgoingSeries } from '@promontory/wire'
import { UsageError } from '../serve-flags.ts'
import { CLIENT_OPTIONS, type ClientFlags, ServerClient, textOf } from './server-client.ts'

const USAGE =
  'usage: promontory push metrics URL [FILE…] [--label=NAME=VALUE…] [--header=NAME=VALUE…] [--http.config.file=FILE] [--timeout=30s]'

/** `promontory push metrics URL FILE…`: sends metrics in text form by remote write, all with the time of now. */
export async function push([kind, ...args]: readonly string[]): Promise<number> {
  if (kind !== 'metrics') throw new UsageError(USAGE)
  const { values, positionals } = readArgs(args)
  const [url, ...files] = positionals
  if (url === undefined || !URL.canParse(url)) throw new UsageError(USAGE)
  const labels = (values.label ?? ['job=promtool']).map((pair) => splitPair('label', pair))
  const timeoutMs = parseDuration(values.timeout)
  let code = 0
  for (const file of files.length === 0 ? ['-'] : files) {
    const name = file === '-' ? '<stdin>' : file
    try {
      const series = seriesOf(readFileSync(file === '-' ? 0 : file), labels)
      await send(url, series, values, timeoutMs)
      process.stdout.write(`  SUCCESS: metric file ${name} pushed.\n`)
    } catch (error) {
      process.stderr.write(`  FAILED: ${name}: ${(error as Error).message}\n`)
      code = 1
    }
  }
  return code
}

function readArgs(args: readonly string[]): {
  values: { label?: string[]; timeout: string } & ClientFlags
  positionals: string[]
} {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        label: { type: 'string', multiple: true },
        ...CLIENT_OPTIONS,
        timeout: { type: 'string', default: '30s' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

function splitPair(what: string, pair: string): [string, string] {
  const at = pair.indexOf('=')
  if (at <= 0) throw new UsageError(`--${what}=${pair}: expected NAME=VALUE`)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

function seriesOf(body: Buffer, added: readonly [string, string][]): OutgoingSeries[] {
  const timeMs = Date.now()
  const series: OutgoingSeries[] = []
  const words = new Uint32Array(2)
  parseExposition(body, 'text', {
    sample: (labels, value) => {
      new Float64Array(words.buffer)[0] = value
      const all = Labels.from([...added, ...labels])
      series.push({
        labels: all.pairs,
        samples: [{ timeMs, low: words[0]!, high: words[1]! }],
        histograms: [],
        exemplars: [],
      })
    },
    histogram: () => {},
    metadata: () => {},
  })
  return series
}

async function send(
  url: string,
  series: readonly OutgoingSeries[],
  flags: ClientFlags,
  timeoutMs: number,
): Promise<void> {
  const server = new ServerClient(url, flags)
  const response = await server.request('', {
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: new Uint8Array(compressSnappy(encodeWriteRequest(series))),
    timeoutMs,
  })
  server.close()
  if (response.status < 200 || response.status > 299)
    throw new Error(`server returned HTTP status ${response.status}: ${textOf(response).trim()}`)
}
