import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Simulation } from './simulation.ts'

/** The long form: `SIM_DAYS=7 SIM_SEEDS=20 npm run soak`. */
const DAYS = Number(process.env['SIM_DAYS'] ?? 1.5)
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 2)
const FIRST = Number(process.env['SIM_SEED'] ?? 1)

test.each(Array.from({ length: SEEDS }, (_, i) => FIRST + i))(
  `a storage that is scraped for ${DAYS} days and dies again and again holds what it acknowledged (seed %i)`,
  async (seed) => {
    const root = mkdtempSync(join(tmpdir(), 'promontory-sim-'))
    try {
      const simulation = new Simulation(seed, root)
      await simulation.run(DAYS)
      const { scrapes, checks, kills, powerLosses } = simulation.tally
      expect(scrapes).toBeGreaterThan(DAYS * 1440)
      expect(checks).toBeGreaterThan(0)
      expect(kills + powerLosses).toBeGreaterThanOrEqual(DAYS < 1 ? 0 : 1)
      if (process.env['SIM_DAYS'] !== undefined) console.info(JSON.stringify({ seed, ...simulation.tally }))
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
  Math.max(60_000, DAYS * 60_000),
)
