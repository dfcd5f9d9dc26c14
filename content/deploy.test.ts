import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { prepareConfigText } from '@promontory/server/config'
import { expect, test } from 'vitest'

const deploy = join(dirname(dirname(fileURLToPath(import.meta.url))), 'deploy')
const read = (name: string): string => readFileSync(join(deploy, name), 'utf8')

test('the manifests: two replicas, 50 Gi each, three probes, a volume for each mount', () => {
  const all = parseAllDocuments(read('kubernetes/promontory.yml')).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS() as Record<string, never>
  })
  expect(all.map(({ kind }) => kind)).toEqual([
    'ConfigMap',
    'Service',
    'Service',
    'PodDisruptionBudget',
    'StatefulSet',
  ])
  const { spec } = all[4] as unknown as { spec: { replicas: number; serviceName: string; template: { spec: { containers: Record<string, { name: string }[]>[]; volumes: { name: string }[] } }; volumeClaimTemplates: { metadata: { name: string }; spec: object }[] } } // prettier-ignore
  const [container] = spec.template.spec.containers
  expect(spec.replicas).toBe(2)
  expect(container).toMatchObject({ startupProbe: { httpGet: { path: '/-/ready' } }, livenessProbe: { httpGet: { path: '/-/healthy' } }, readinessProbe: { httpGet: { path: '/-/ready' } } }) // prettier-ignore
  expect(spec.volumeClaimTemplates[0]!.spec).toMatchObject({ resources: { requests: { storage: '50Gi' } } })
  const volumes = [
    ...spec.template.spec.volumes,
    ...spec.volumeClaimTemplates.map(({ metadata }) => metadata),
  ]
  expect(container!['volumeMounts']!.map(({ name }) => name).sort()).toEqual(
    volumes.map(({ name }) => name).sort(),
  )
})

test('the configurations in them are read', async () => {
  const [map] = parseAllDocuments(read('kubernetes/promontory.yml'))
  const { data } = map!.toJS() as { data: Record<string, string> }
  for (const text of [data['prometheus.yml']!, read('config/prometheus.yml')]) {
    const { jobs, unsupported } = await prepareConfigText(text, join(deploy, 'prometheus.yml'))
    expect(jobs.map(({ job_name }) => job_name)).toEqual(['promontory', 'node'])
    expect(unsupported).toEqual([])
  }
})

test('the compose file keeps its data in a volume; the entry point is a shell script', () => {
  const [compose] = parseAllDocuments(read('docker-compose.yml'))
  expect(compose!.toJS()).toMatchObject({
    services: { promontory: { volumes: ['./config:/etc/promontory:ro', 'promontory_data:/data'] } },
  })
  expect(spawnSync('sh', ['-n', join(deploy, 'entrypoint.sh')]).status).toBe(0)
})
