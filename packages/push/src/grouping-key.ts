import { isClassicLabelName } from '@promontory/model'
import { PushError } from './errors.ts'

/** The labels that a group is known by, `job` among them; values may be empty. Sorted by name. */
export type GroupingKey = readonly (readonly [name: string, value: string])[]

const BASE64_SUFFIX = '@base64'
const ROOT = '/metrics/'

/**
 * Reads `/metrics/job/<job>{/<label>/<value>}`; a name with `@base64` behind it has its value in base64url.
 * @param path  as it stands in the request line, percent signs and all
 * @returns undefined when the path is none of a group
 * @throws PushError naming the part that is wrong
 */
export function groupingKeyOf(path: string): GroupingKey | undefined {
  if (!path.startsWith(ROOT)) return undefined
  const [first = '', job = '', ...rest] = path.slice(ROOT.length).split('/')
  if (first !== 'job' && first !== `job${BASE64_SUFFIX}`) return undefined
  const key = new Map<string, string>()
  const jobName = first === 'job' ? percentDecoded(job) : base64Decoded(job, 'job name')
  if (rest.length === 1 && rest[0] === '') rest.pop()
  if (jobName === '') throw new PushError(400, 'job name is required')
  if (rest.length % 2 === 1)
    throw new PushError(400, `odd number of components in label string "/${rest.join('/')}"`)
  for (let i = 0; i < rest.length; i += 2) {
    const [name, value] = labelOf(rest[i]!, rest[i + 1]!)
    key.set(name, value)
  }
  key.set('job', jobName)
  return [...key].sort(([a], [b]) => (a < b ? -1 : 1))
}

function labelOf(name: string, value: string): [string, string] {
  const plain = percentDecoded(name)
  const isBase64 = plain.endsWith(BASE64_SUFFIX)
  const label = isBase64 ? plain.slice(0, -BASE64_SUFFIX.length) : plain
  if (!isClassicLabelName(label) || label.startsWith('__'))
    throw new PushError(400, `improper label name "${label}"`)
  return [label, isBase64 ? base64Decoded(value, `label ${label}`) : percentDecoded(value)]
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new PushError(400, `"${text}" is not percent-encoded UTF-8`)
  }
}

/** Padding may be left out; a lone `=` stands for the empty value, which a path cannot hold. */
function base64Decoded(encoded: string, what: string): string {
  const text = percentDecoded(encoded).replace(/=+$/, '')
  const wrong = /[^A-Za-z0-9_-]/.exec(text)
  if (wrong !== null)
    throw new PushError(
      400,
      `invalid base64 encoding in ${what} "": illegal base64 data at input byte ${wrong.index}`,
    )
  const bytes = Buffer.from(text, 'base64url')
  const value = bytes.toString('utf8')
  if (!Buffer.from(value).equals(bytes)) throw new PushError(400, `the ${what} "${encoded}" is not UTF-8`)
  return value
}
