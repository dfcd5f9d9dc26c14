import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type NotificationJson, NotificationTemplates } from '@promontory/alertmanager'
import { UsageError } from '../serve-flags.ts'

const USAGE =
  'usage: promontory template render --template.text=\'{{ template "slack.default.title" . }}\' [--template.glob=GLOB] [--template.type=text|html] [--template.data=FILE]'

const COMMON = { commonlabelkey1: 'commonlabelvalue1', commonlabelkey2: 'commonlabelvalue2' }
const COMMON_ANNOTATIONS = { commonannotationkey1: 'commonannotationvalue1', commonannotationkey2: 'commonannotationvalue2' } // prettier-ignore

/** What is rendered when no data is given: amtool's example. */
const EXAMPLE: NotificationJson = {
  receiver: 'receiver',
  status: 'alertstatus' as 'firing',
  alerts: [
    {
      status: 'firing',
      labels: { ...COMMON, instance: 'foo.bar:1234', label1: 'value1', label2: 'value2' },
      annotations: { ...COMMON_ANNOTATIONS, annotation1: 'value1', annotation2: 'value2' },
      startsAt: '2024-01-01T12:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'https://generatorurl.com',
      fingerprint: 'fingerprint1',
    },
    {
      status: 'resolved',
      labels: { ...COMMON, baz: 'qux', foo: 'bar' },
      annotations: { ...COMMON_ANNOTATIONS, aaa: 'bbb', ccc: 'ddd' },
      startsAt: '2024-01-01T12:00:00Z',
      endsAt: '2024-01-01T13:00:00Z',
      generatorURL: 'https://generatorurl.com',
      fingerprint: 'fingerprint2',
    },
  ],
  notification_reason: 'first notification',
  groupLabels: { grouplabelkey1: 'grouplabelvalue1', grouplabelkey2: 'grouplabelvalue2' },
  commonLabels: COMMON,
  commonAnnotations: COMMON_ANNOTATIONS,
  routeLabels: {},
  externalURL: 'https://example.com',
}

/** `promontory template render`: amtool's rendering of notification templates, on made-up or given data. */
export async function template(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args
  const { values } = parseArgs({
    args: rest,
    options: {
      'template.glob': { type: 'string', multiple: true },
      'template.text': { type: 'string' },
      'template.type': { type: 'string', default: 'text' },
      'template.data': { type: 'string' },
    },
  })
  const text = values['template.text']
  if (verb !== 'render' || text === undefined) throw new UsageError(USAGE)
  const type = values['template.type']
  if (type !== 'text' && type !== 'html')
    throw new UsageError(`--template.type: "${type}" is neither text nor html`)
  const file = values['template.data']
  const data =
    file === undefined
      ? EXAMPLE
      : { ...EXAMPLE, ...(JSON.parse(readFileSync(file, 'utf8')) as NotificationJson) }
  const renderer = new NotificationTemplates(values['template.glob'] ?? [], () => Date.now()).renderer(data)
  process.stdout.write(type === 'html' ? renderer.html(text) : renderer.text(text))
  return 0
}
