import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { surveyFolder } from './survey.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function findings(file: string, text: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'survey-'))
  folders.push(folder)
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
  const { survey } = await surveyFolder(folder)
  return survey.findings.map(({ kind, text: what }) => `${kind} ${what}`)
}

test.each([
  ['logstash.conf', 'input { beats { port => 5044 } }\n', /^unsupported a Logstash pipeline/],
  ['filebeat.yml', 'filebeat.inputs: [{ type: log }]\n', /^unsupported Filebeat/],
  ['filebeat.yml', 'output.elasticsearch: { hosts: [a] }\n', /^unsupported Filebeat/],
  ['kibana.yml', 'elasticsearch.hosts: [http://a]\n', /^unsupported Kibana/],
  ['loki.yml', 'auth_enabled: false\nschema_config: { configs: [] }\n', /^unsupported Loki/],
  ['promtail.yml', 'positions: { filename: a }\nclients: [{ url: b }]\nscrape_configs: [{ job_name: c }]\n', /^unsupported Promtail/],
  ['otel.yml', 'receivers: { otlp: }\nexporters: { debug: }\nservice: { pipelines: }\n', /^unsupported an OpenTelemetry collector/],
  ['deployment.yml', 'apiVersion: v1\nkind: Service\n', /^unsupported a Kubernetes manifest/],
  ['docker-compose.yml', 'services: { loki: { image: grafana/loki:2.9.0 } }\n', /^unsupported grafana\/loki:2\.9\.0: logs stay/],
  ['docker-compose.yml', 'services: { jaeger: { image: "jaegertracing/all-in-one:1.5" } }\n', /traces stay/],
  ['prometheus.yml', 'scrape_configs: [{ job_name: c }]\n', /^loads Prometheus configuration: 1 jobs/],
  ['prometheus.yml', 'scrape_configs: [{ jobname: c }]\n', /^wrong [^]*jobname/],
  ['broken.yml', 'a: [\n', /^wrong /],
])('%s %j', async (file, text, wanted) => {
  const found = await findings(file, text)
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(wanted)
}) // prettier-ignore

test('a file that belongs to no stack is passed over', async () => {
  expect(await findings('package.json', '{"name":"x"}')).toEqual([])
  expect(await findings('values.yml', 'a: 1\n')).toEqual([])
})
