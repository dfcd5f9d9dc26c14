import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { ROOT, SHARED } from './support/program.ts'

/** Debian's Alertmanager reads its default templates from here; `.ci/run` puts a link where the peers are only unpacked. */
const alertmanagerTemplates = existsSync('/usr/share/prometheus/alertmanager/default.tmpl')

/** Comparisons with the real programs that print a line per case and a closing count; they can be run by hand, too. */
const SCRIPTS = [
  {
    script: 'alertmanager.ts',
    needs: {
      'prometheus-alertmanager': peer('prometheus-alertmanager'),
      amtool: peer('amtool'),
      'its templates': alertmanagerTemplates,
    },
  },
  { script: 'rules.ts', needs: { promtool: peer('promtool') } },
  {
    script: 'exposition.ts',
    needs: {
      prometheus: peer('prometheus'),
      'the exposition samples': existsSync(join(SHARED, 'corpus/exposition')),
    },
  },
].map(({ script, needs }) => ({
  script,
  missing: Object.entries(needs)
    .filter(([, found]) => !found)
    .map(([name]) => name),
}))

for (const { script, missing } of SCRIPTS)
  test.skipIf(missing.length > 0)(
    `${script} finds no difference (needs ${missing.join(', ') || 'nothing more'})`,
    () => {
      const programs = ['promtool', 'prometheus', 'prometheus-alertmanager']
        .map((name) => peer(name))
        .filter((path) => path !== undefined)
      process.env['PATH'] = [...new Set(programs.map((path) => dirname(path))), process.env['PATH']].join(':')
      const { code, stdout, stderr } = run(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        join(ROOT, 'conformance', script),
      ])
      expect(stdout.trim().split('\n').at(-1), stdout.slice(-3000) + stderr.slice(-2000)).toMatch(
        /^[1-9]\d* passed, 0 failed$/,
      )
      expect(code).toBe(0)
    },
  )
