import { parseArgs } from 'node:util'
import { UsageError } from '../serve-flags.ts'
import { checkDashboardFiles } from './check-dashboards.ts'
import { renderDashboard } from './render-dashboard.ts'

const USAGE =
  'usage: promontory dashboards check [--url=URL] [--fatal] DIR|FILE… | render UID [--url=URL] [--out=FILE] [--from=now-6h] [--to=now] [--width=1600] [--height=1000] [--theme=light]'

/** `promontory dashboards check|render`: exit code 1 for errors (with `--fatal`, 3 for warnings). */
export async function dashboards([kind, ...rest]: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(rest)
  const { url } = values
  if (url !== undefined && !URL.canParse(url)) throw new UsageError(`--url: "${url}" is no URL`)
  if (positionals.length === 0) throw new UsageError(USAGE)
  if (kind === 'check') return checkDashboardFiles(positionals, url, values.fatal)
  if (kind !== 'render' || positionals.length !== 1) throw new UsageError(USAGE)
  return renderDashboard({
    uid: positionals[0]!,
    url: url ?? 'http://localhost:9090',
    file: values.out ?? `${positionals[0]!}.png`,
    from: values.from,
    to: values.to,
    width: sizeOf('width', values.width),
    height: sizeOf('height', values.height),
    theme: values.theme,
  })
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        fatal: { type: 'boolean', default: false },
        out: { type: 'string', short: 'o' },
        from: { type: 'string', default: 'now-6h' },
        to: { type: 'string', default: 'now' },
        width: { type: 'string', default: '1600' },
        height: { type: 'string', default: '1000' },
        theme: { type: 'string', default: 'light' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

/** Pixels; browsers take no more than 16,384. */
function sizeOf(name: string, text: string): number {
  const size = Number(text)
  if (Number.isSafeInteger(size) && size >= 100 && size <= 16_384) return size
  throw new UsageError(`--${name}: "${text}" is not a number of pixels from 100 to 16384`)
}
