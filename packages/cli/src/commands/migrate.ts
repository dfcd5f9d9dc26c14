import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { reportText } from '../migrate/findings.ts'
import { surveyFolder } from '../migrate/survey.ts'
import { UsageError } from '../serve-flags.ts'

/**
 * `promontory migrate DIR`: what of a monitoring stack's files loads, what is wrong today, what is not supported, and the
 * command that replaces it. @returns 1 when something is not supported
 */
export async function migrate([folder, ...rest]: readonly string[]): Promise<number> {
  if (folder === undefined || rest.length > 0 || folder.startsWith('-'))
    throw new UsageError('usage: promontory migrate DIR')
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`"${folder}" is no folder`)
  const { survey, files } = await surveyFolder(resolve(folder))
  if (files === 0) throw new UsageError(`"${folder}" has no file of a monitoring stack`)
  process.stdout.write(reportText(survey, files))
  return survey.findings.some(({ kind }) => kind === 'unsupported') ? 1 : 0
}
