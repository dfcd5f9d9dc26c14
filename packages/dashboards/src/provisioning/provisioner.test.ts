import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type JsonObject } from '../json.ts'
import { type Stores, withStores } from '../testing/stores.ts'

type Write = (file: string, content: string) => void

function provisioned(
  work: (stores: Stores, directory: string, write: Write) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'provisioning-'))
  const write: Write = (file, content) => {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), content)
  }
  return withStores((stores) => work(stores, directory, write)).finally(() =>
    rmSync(directory, { recursive: true }),
  )
}

const provider = (more = '', path = '.'): string =>
  `apiVersion: 1\nproviders:\n  - name: default\n    type: file\n${more}    options:\n      path: ${path}\n`

test('the provider file of the image, with its own path, finds wrapped dashboards of old panels', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    const printed = `apiVersion: 1

providers:
  - name: 'default'
    orgId: 1
    folder: ''
    type: file
    disableDeletion: false
    updateIntervalSeconds: 10
    allowUiUpdates: true
    options:
      path: /etc/grafana/provisioning/dashboards
`
    write('dashboards/dashboard.yml', printed)
    write('dashboards/app.json', '{"dashboard":{"title":"App","panels":[{"type":"graph","title":"R"}]}}')
    const files = provisioner(directory)
    await files.start()
    expect(files.problems).toEqual([])
    const row = await dashboards.getByName('app')
    expect(JSON.parse(row.data)).toMatchObject({ title: 'App', panels: [{ type: 'graph', title: 'R' }] })
    expect(dashboards.isWritable(row)).toBe(true)
    await files.close()
  }))

test('files change, go, and come back; edits of the pages live until the file changes', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    write('dashboards/p.yml', provider('    allowUiUpdates: true\n', `${directory}/dashboards`))
    write('dashboards/a.json', '{"uid":"a","title":"One"}')
    const files = provisioner(directory)
    await files.start()
    const model = JSON.parse((await dashboards.get('a')).data) as JsonObject
    await dashboards.save({
      model: { ...model, title: 'Mine' },
      folderUid: undefined,
      message: '',
      overwrite: false,
      by: 'me',
    })
    await files.reloadDashboards()
    expect((await dashboards.get('a')).title).toBe('Mine')
    write('dashboards/a.json', '{"uid":"a","title":"Two"}')
    await files.reloadDashboards()
    expect((await dashboards.get('a')).title).toBe('Two')
    rmSync(join(directory, 'dashboards/a.json'))
    await files.reloadDashboards()
    expect(await dashboards.find('a')).toBeUndefined()
    await files.close()
  }))

test('disableDeletion keeps, and without allowUiUpdates nobody saves or deletes', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    write('dashboards/p.yml', provider('    disableDeletion: true\n', `${directory}/dashboards`))
    write('dashboards/a.json', '{"uid":"a","title":"One"}')
    const files = provisioner(directory)
    await files.start()
    const model = { uid: 'a', title: 'x', version: 1 }
    const save = dashboards.save({ model, folderUid: undefined, message: '', overwrite: true, by: 'me' })
    await expect(save).rejects.toMatchObject({
      refusal: 'read-only',
      message: 'Cannot save provisioned dashboard',
    })
    await expect(dashboards.delete('a')).rejects.toMatchObject({ refusal: 'read-only' })
    rmSync(join(directory, 'dashboards/a.json'))
    await files.reloadDashboards()
    expect(await dashboards.get('a')).toMatchObject({ title: 'One', provider: '' })
    await files.close()
  }))

test('dashboards without a provider file are provided all the same', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    write(
      'dashboards/agentic-backend.json',
      '{"title":"Agentic Backend - Production Monitoring","panels":[]}',
    )
    const files = provisioner(directory)
    await files.start()
    const row = await dashboards.getByName('agentic-backend-production-monitoring')
    expect([row.provider, row.provider_file]).toEqual(['default', 'agentic-backend.json'])
    expect(dashboards.isWritable(row)).toBe(false)
    await files.close()
  }))

test('folders from the structure of files', () =>
  provisioned(async ({ dashboards, folders, provisioner }, directory, write) => {
    const options = '    options:\n      foldersFromFilesStructure: true\n      path: '
    write(
      'dashboards/p.yml',
      `providers:\n  - name: default\n    type: file\n${options}${directory}/dashboards\n`,
    )
    write('dashboards/Nodes/a.json', '{"uid":"a","title":"A"}')
    write('dashboards/b.json', '{"uid":"b","title":"B"}')
    const files = provisioner(directory)
    await files.start()
    const [folder] = await folders.list()
    expect(folder!.title).toBe('Nodes')
    expect((await dashboards.get('a')).folder_uid).toBe(folder!.uid)
    expect((await dashboards.get('b')).folder_uid).toBe('')
    await files.close()
  }))

test('faults name file, line and column, and the other files are read all the same', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    write(
      'datasources/bad.yml',
      'apiVersion: 1\ndatasources:\n  - name: X\n    isDefault: maybe\n    type: prometheus\n',
    )
    write('dashboards/p.yml', provider('', `${directory}/dashboards`))
    write(
      'dashboards/q.yml',
      'apiVersion: 1\nproviders:\n  - name: other\n    type: git\n    options: {path: /x}\n',
    )
    write('dashboards/a.json', '{"uid":"a","title":"A"}')
    write('dashboards/b.json', '{"uid":"a","title":"B"}')
    write('dashboards/c.json', '{\n  "title": "C",\n  "panels": [,]\n}')
    symlinkSync('/etc/hostname', join(directory, 'dashboards/d.json'))
    symlinkSync('/etc', join(directory, 'dashboards/out'))
    const files = provisioner(directory)
    await files.start()
    const text = files.problems.join('\n')
    expect(text).toMatch(
      /bad\.yml:4:16: datasources\[0\]\.isDefault: cannot unmarshal .*, expected true or false/,
    )
    expect(text).toMatch(/q\.yml:4:11: providers\[0\]\.type: provider type "git" is not known, expected file/)
    expect(text).toMatch(/b\.json: uid "a" is that of .*a\.json too/)
    expect(text).toMatch(/c\.json:3:14: broken JSON/)
    expect(text).toMatch(/d\.json: leads to \/etc\/hostname, outside of the provider's path/)
    expect(text).toMatch(/out: leads to \/etc, outside/)
    expect((await dashboards.summaries()).map((row) => row.title)).toEqual(['A'])
    await files.close()
  }))

test('data sources with variables and secrets, deleted and pruned', () =>
  provisioned(async ({ dataSources, provisioner }, directory, write) => {
    write(
      'datasources/prometheus.yml',
      `apiVersion: 1
prune: true
deleteDatasources:
  - name: Old
    orgId: 1
datasources:
  - name: Prometheus
    type: prometheus
    access: proxy
    url: http://$PROM_HOST:9090
    isDefault: true
    basicAuth: true
    basicAuthUser: me
    jsonData:
      timeInterval: 15s
      httpMethod: POST
      manageAlerts: true
    secureJsonData:
      basicAuthPassword: \${PASSWORD}
`,
    )
    const files = provisioner(directory, { PROM_HOST: 'prometheus', PASSWORD: 's3cret$' })
    await files.start()
    expect(files.problems).toEqual([])
    const row = await dataSources.get('name', 'Prometheus')
    expect(row).toMatchObject({
      uid: 'PBFA97CFB590B2093',
      url: 'http://prometheus:9090',
      is_default: 1,
      read_only: 1,
    })
    expect(JSON.parse(row.json_data)).toEqual({ timeInterval: '15s', httpMethod: 'POST', manageAlerts: true })
    expect(row.secure_json_data).not.toContain('s3cret')
    expect(dataSources.secrets(row)).toEqual({ basicAuthPassword: 's3cret$' })
    expect((await dataSources.default()).name).toBe('Prometheus')
    write('datasources/prometheus.yml', 'apiVersion: 1\nprune: true\ndatasources: []\n')
    await files.reloadDataSources()
    expect((await dataSources.list()).map((one) => one.uid).sort()).toEqual(['alertmanager', 'promontory'])
    await files.close()
  }))

test('an exported dashboard is mapped to the default source', () =>
  provisioned(async ({ dashboards, provisioner }, directory, write) => {
    const inputs = '"__inputs":[{"name":"DS_PROMETHEUS","type":"datasource","pluginId":"prometheus"}]'
    write(
      'dashboards/a.json',
      `{${inputs},"uid":"a","title":"A","panels":[{"datasource":"\${DS_PROMETHEUS}"}]}`,
    )
    const files = provisioner(directory)
    await files.start()
    expect(JSON.parse((await dashboards.get('a')).data)).toMatchObject({
      panels: [{ datasource: 'promontory' }],
    })
    await files.close()
  }))
