import { entryOf, type YamlNode } from '@promontory/base/yaml'
import { SERVE_FLAGS } from '../flag-definitions.ts'
import type { Survey } from './findings.ts'

/** Products by their image's name, and who does their work here. */
const PRODUCTS: readonly (readonly [pattern: RegExp, product: string])[] = [
  [/(^|\/)prometheus(:|$)/, 'prometheus'],
  [/(^|\/)victoria-metrics/, 'prometheus'],
  [/(^|\/)grafana(-oss|-enterprise)?(:|$)/, 'grafana'],
  [/(^|\/)alertmanager(:|$)/, 'alertmanager'],
  [/(^|\/)pushgateway(:|$)/, 'pushgateway'],
  [/(^|\/)node[-_]exporter(:|$)/, 'node_exporter'],
  [/(^|\/)cadvisor(:|$)/, 'cadvisor'],
  [/(^|\/)(elasticsearch|logstash|kibana|filebeat|loki|promtail)(:|$)/, 'logs'],
  [/(^|\/)(jaeger|all-in-one|tempo|otel)/, 'traces'],
]
const LISTEN: Readonly<Record<string, string>> = {
  prometheus: 'web.listen-address',
  grafana: 'listen.grafana',
  alertmanager: 'listen.alertmanager',
  pushgateway: 'listen.pushgateway',
}

/** Reads the services of a compose file: what becomes a flag, what is part of the program, what is not there. */
export function surveyCompose(root: YamlNode, place: string, survey: Survey): void {
  const services = entryOf(root, 'services') ?? root
  if (services.kind !== 'mapping') return
  for (const { key, value } of services.entries) {
    const image = textOf(entryOf(value, 'image'))
    const product = PRODUCTS.find(([pattern]) => pattern.test(image))?.[1]
    if (product !== undefined) surveyService(product, value, `${place}: ${key.text}`, image, survey)
  }
}

function surveyService(
  product: string,
  service: YamlNode,
  place: string,
  image: string,
  survey: Survey,
): void {
  const add = (kind: 'loads' | 'wrong' | 'unsupported', text: string): number => survey.findings.push({ kind, place, text }) // prettier-ignore
  if (product === 'logs' || product === 'traces')
    return void add('unsupported', `${image}: ${product} stay with their product`)
  add('loads', `${image} is part of the program`)
  if (/:latest$|^[^:]+$/.test(image)) add('wrong', `${image}: the version is not pinned`)
  const port = itemsOf(entryOf(service, 'ports'))[0]?.split(':').at(-2)
  const flag = LISTEN[product]
  if (flag !== undefined && port !== undefined) survey.flags.push({ name: flag, value: `:${port}` })
  if (product === 'prometheus') surveyCommand(service, place, survey)
  if (product === 'grafana') surveyGrafana(service, place, survey)
}

const IN_IMAGE = /^(config\.file|storage\.tsdb\.path|web\.listen-address|web\.console\.)/

function surveyCommand(service: YamlNode, place: string, survey: Survey): void {
  for (const argument of itemsOf(entryOf(service, 'command'))) {
    const [, name = '', value = 'true'] = /^--?([^=]+)(?:=(.*))?$/.exec(argument) ?? []
    const known = SERVE_FLAGS.find((flag) => flag.name === name)
    if (known === undefined || (typeof known.effect === 'object' && 'refused' in known.effect))
      survey.findings.push({ kind: 'unsupported', place, text: `--${name}` })
    else if (!IN_IMAGE.test(name)) survey.flags.push({ name, value })
  }
}

function surveyGrafana(service: YamlNode, place: string, survey: Survey): void {
  const environment = entryOf(service, 'environment')
  const pairs =
    environment?.kind === 'mapping'
      ? environment.entries.map(({ key, value }) => [key.text, textOf(value)] as const)
      : itemsOf(environment).map((item) => item.split(/=(.*)/s) as [string, string])
  for (const [name, value = ''] of pairs) {
    if (name === 'GF_INSTALL_PLUGINS')
      survey.findings.push(
        /^(grafana-(piechart|singlestat)-panel,?)+$/.test(value)
          ? { kind: 'loads', place, text: `${value}: drawn without a plugin` }
          : { kind: 'unsupported', place, text: `plugins: ${value}` },
      )
    else if (/PASSWORD/.test(name) && /^(admin\d*|changeme|password)$/.test(value))
      survey.findings.push({ kind: 'wrong', place, text: `${name}: a password that everybody guesses; use --access.admin-password-file` }) // prettier-ignore
    else survey.findings.push({ kind: 'loads', place, text: `${name}: read from the environment here too` })
  }
}

function textOf(node: YamlNode | undefined): string {
  return node?.kind === 'scalar' ? node.text : ''
}
function itemsOf(node: YamlNode | undefined): string[] {
  if (node?.kind === 'scalar') return node.text.split(/\s+/)
  return node?.kind === 'sequence' ? node.items.map(textOf) : []
}
