import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { loadAlertmanagerConfig } from '@promontory/alertmanager'
import { entryOf, formatFault, parseYaml, type YamlNode } from '@promontory/base/yaml'
import { readDataSourceFile } from '@promontory/dashboards'
import { checkDashboardText } from '@promontory/dashboards/check'
import { lintQuery } from '@promontory/promql/lint'
import { parseRuleFile } from '@promontory/rules'
import { prepareConfig } from '@promontory/server/config'
import { findingText, lintRules } from '../rule-lint.ts'
import { surveyCompose } from './compose.ts'
import type { Finding, Survey } from './findings.ts'

const FILES_MAX = 5000
const DEPTH_MAX = 10
const BYTES_MAX = 10 * 1024 * 1024

/** Looks at every file of a folder that belongs to a monitoring stack. @returns what was found, and how many files */
export async function surveyFolder(
  folder: string,
): Promise<{ readonly survey: Survey; readonly files: number }> {
  const survey: Survey = { findings: [], flags: [], jobs: new Set() }
  const paths = filesOf(folder, 0).slice(0, FILES_MAX)
  let files = 0
  for (const path of paths) if (await surveyFile(folder, path, survey)) files++
  return { survey, files }
}

function filesOf(folder: string, depth: number): string[] {
  if (depth > DEPTH_MAX) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/^(\.git|node_modules)$/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesOf(path, depth + 1) : entry.isFile() ? [path] : []
    })
}

async function surveyFile(folder: string, path: string, survey: Survey): Promise<boolean> {
  const place = relative(folder, path)
  if (!/\.(ya?ml|json|conf)$/.test(path) || statSync(path).size > BYTES_MAX) return false
  const text = readFileSync(path, 'utf8')
  const add = (kind: Finding['kind'], what: string): void => {
    // Faults name the file by its whole path: below the folder is enough, and the same everywhere.
    survey.findings.push({
      kind,
      place,
      text: what.replaceAll(`${folder}/`, '').replaceAll(`${place}:`, '').trim(),
    })
  }
  if (path.endsWith('.conf')) {
    if (!/^\s*(input|filter|output)\s*\{/m.test(text)) return false
    add('unsupported', 'a Logstash pipeline: logs stay with their product')
    return true
  }
  if (path.endsWith('.json')) return surveyDashboard(text, place, survey, add)
  let root: YamlNode
  try {
    root = parseYaml(text, path)
  } catch (error) {
    add('wrong', (error as Error).message)
    return true
  }
  return surveyYaml(root, { path, place, text }, survey, add)
}

/** Files of products whose work is not done here, by the fields that only they have. Some share others with Prometheus's. */
const FOREIGN: readonly (readonly [what: string, ...fields: string[]])[] = [
  ['Promtail: logs stay with their product', 'positions', 'clients'],
  ['Loki: logs stay with their product', 'schema_config'],
  ['Filebeat: logs stay with their product', 'filebeat.inputs'],
  ['Filebeat: logs stay with their product', 'output.elasticsearch'],
  ['Kibana: logs stay with their product', 'elasticsearch.hosts'],
  ["an OpenTelemetry collector: metrics may come by OTLP (--listen.otlp-http), traces and logs stay with their product", 'receivers', 'exporters', 'service'], // prettier-ignore
]

type Add = (kind: Finding['kind'], text: string) => void

async function surveyYaml(
  root: YamlNode,
  file: { readonly path: string; readonly place: string; readonly text: string },
  survey: Survey,
  add: Add,
): Promise<boolean> {
  const { path, place, text } = file
  const has = (name: string): boolean => entryOf(root, name) !== undefined
  const foreign = FOREIGN.find(([, ...fields]) => fields.every(has))
  if (foreign !== undefined) add('unsupported', foreign[0])
  else if (
    has('scrape_configs') ||
    has('alerting') ||
    has('rule_files') ||
    (has('global') && !has('route'))
  ) {
    await surveyPrometheus(path, place, survey, add)
  } else if (has('groups')) surveyRules(text, path, add)
  else if (has('route') || has('receivers')) {
    surveyAlertmanager(text, path, add)
    survey.flags.push({ name: 'alertmanager.config.file', value: place })
  } else if (has('datasources')) {
    const { notices } = readDataSourceFile(text, path, {})
    add('loads', 'data sources')
    for (const notice of notices) add('wrong', formatFault(notice, notice.text))
    provisioned(place, survey)
  } else if (has('providers')) {
    add('loads', 'dashboard providers')
    provisioned(place, survey)
  } else if (has('kind') && has('apiVersion'))
    add('unsupported', 'a Kubernetes manifest: deploy/kubernetes has those of Promontory')
  else if (has('services') || isBareServices(root)) surveyCompose(root, place, survey)
  else return false
  return true
}

/** A part of a compose file, as documents print it: services at the top. */
function isBareServices(root: YamlNode): boolean {
  return root.kind === 'mapping' && root.entries.some(({ value }) => entryOf(value, 'image') !== undefined)
}

function provisioned(place: string, survey: Survey): void {
  survey.flags.push({ name: 'grafana.provisioning', value: place.split('/').slice(0, -2).join('/') || '.' })
}

async function surveyPrometheus(path: string, place: string, survey: Survey, add: Add): Promise<void> {
  try {
    const { warnings, unsupported, jobs, ruleFiles, config } = await prepareConfig(path)
    add('loads', `Prometheus configuration: ${jobs.length} jobs, ${ruleFiles.length} rule files`)
    for (const notice of warnings) add('wrong', formatFault(notice, notice.text))
    for (const notice of unsupported) add('unsupported', formatFault(notice, notice.text))
    for (const { job_name } of jobs) survey.jobs.add(job_name)
    for (const pattern of config.rule_files)
      if (ruleFiles.length === 0) add('wrong', `rule_files: "${pattern}" means no file`)
    if (config.groups !== undefined)
      surveyRules(readFileSync(path, 'utf8').replace(/^(?!groups:|\s|#|-).*$/gm, ''), path, add)
    survey.flags.push({ name: 'config.file', value: place })
  } catch (error) {
    add('wrong', (error as Error).message)
  }
}

function surveyRules(text: string, path: string, add: Add): void {
  try {
    const rules = parseRuleFile(text, path)
    add('loads', `${rules.groups.reduce((sum, { rules: all }) => sum + all.length, 0)} rules`)
    for (const finding of lintRules(rules, path)) add('wrong', finding)
  } catch (error) {
    add('wrong', (error as Error).message)
  }
}

function surveyAlertmanager(text: string, path: string, add: Add): void {
  try {
    const { config, notices } = loadAlertmanagerConfig(text, path)
    add('loads', `Alertmanager configuration: ${config.receivers.length} receivers`)
    for (const notice of notices)
      add(notice.kind === 'unsupported' ? 'unsupported' : 'wrong', formatFault(notice, notice.text))
  } catch (error) {
    add('wrong', (error as Error).message)
  }
}

function surveyDashboard(text: string, place: string, survey: Survey, add: Add): boolean {
  if (!/"(panels|rows)"\s*:/.test(text)) return false
  const { title, findings } = checkDashboardText(text)
  if (!findings.some(({ severity }) => severity === 'error')) add('loads', `dashboard "${title}"`)
  for (const { place: where, text: what } of findings)
    add('wrong', `${where === '' ? '' : `${where}: `}${what}`)
  for (const match of text.matchAll(/"expr"\s*:\s*("(?:[^"\\]|\\.)*")/g))
    lintPanel(JSON.parse(match[1]!) as string, add)
  if (!survey.flags.some(({ name }) => name === 'grafana.provisioning') && place.includes('/dashboards/'))
    survey.flags.push({ name: 'grafana.provisioning', value: place.slice(0, place.indexOf('/dashboards/')) })
  return true
}

function lintPanel(expr: string, add: Add): void {
  try {
    for (const finding of lintQuery(expr)) add('wrong', `${expr}: ${findingText(finding)}`)
  } catch {
    // Said already: checkDashboardText reads the same expression, with its variables.
  }
}
