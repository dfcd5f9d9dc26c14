import { expect, test } from 'vitest'
import { fileNextTo } from './file-name.ts'

test.each([
  ['/etc/prometheus/prometheus.yml', '/etc/prometheus/rules/a.yml', 'rules/a.yml'],
  ['/etc/prometheus/prometheus.yml', '/srv/a.yml', '/srv/a.yml'],
  ['/prometheus.yml', '/a.yml', '/a.yml'],
  [undefined, '/srv/a.yml', '/srv/a.yml'],
])('beside %s, %s is %s', (configFile, file, wanted) => expect(fileNextTo(configFile, file)).toBe(wanted))
