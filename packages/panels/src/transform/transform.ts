import type { Frame } from '../frame/frame.ts'
import { isObject, objectOf, objectsOf, textOf, type JsonObject } from '../json.ts'
import { calculateField } from './calculate.ts'
import { convertFieldType, extractFields, formatTime } from './convert.ts'
import { filterByRefId, filterByValue, filterFieldsByName, isOfQuery, limit } from './filter.ts'
import { groupBy, groupingToMatrix, reduceFrames } from './group.ts'
import { concatenate, joinByField, joinByLabels } from './join.ts'
import { configFromData } from './config-from-data.ts'
import { merge } from './merge.ts'
import { organize, renameByRegex, sortBy } from './organize.ts'
import { labelsToFields, partitionByValues, prepareTimeSeries, rowsToFields, seriesToRows, timeSeriesTable, transpose } from './reshape.ts' // prettier-ignore

/** Frames in, frames out; the options are the dashboard's. */
export type Transformation = (frames: readonly Frame[], options: JsonObject) => readonly Frame[]

const TRANSFORMATIONS: Readonly<Record<string, Transformation>> = {
  organize,
  merge,
  joinByField,
  seriesToColumns: joinByField,
  renameByRegex,
  filterFieldsByName,
  groupBy,
  calculateField,
  reduce: reduceFrames,
  sortBy,
  labelsToFields,
  prepareTimeSeries,
  filterByValue,
  extractFields,
  timeSeriesTable,
  seriesToRows,
  convertFieldType,
  groupingToMatrix,
  joinByLabels,
  limit,
  configFromData,
  filterByRefId,
  concatenate,
  append: merge,
  formatTime,
  rowsToFields,
  partitionByValues,
  transpose,
  noop: (frames) => frames,
}

/** A transformation of a dashboard that we do not know. */
export class TransformationError extends Error {
  override readonly name = 'TransformationError'
}

export function isKnownTransformation(id: string): boolean {
  return Object.hasOwn(TRANSFORMATIONS, id)
}

/** The ids that can be used, in the order of the picker. */
export const TRANSFORMATION_IDS: readonly string[] = Object.keys(TRANSFORMATIONS)

/**
 * The panel's transformations one after the other. Those that are disabled, or meant for annotations, are left out; a
 * filter keeps frames of other queries as they are.
 * @throws TransformationError  naming the first transformation that is unknown
 */
export function transform(
  frames: readonly Frame[],
  transformations: unknown,
  fill: (text: string) => string,
): readonly Frame[] {
  return objectsOf(transformations).reduce<readonly Frame[]>((current, config) => {
    if (config['disabled'] === true || config['topic'] === 'annotations') return current
    return apply(current, config, fill)
  }, frames)
}

function apply(
  frames: readonly Frame[],
  config: JsonObject,
  fill: (text: string) => string,
): readonly Frame[] {
  const id = textOf(config['id']) ?? ''
  if (!isKnownTransformation(id))
    throw new TransformationError(`The transformation '${id}' is not known here: it is left out.`)
  const options = objectOf(filled(config['options'], fill))
  const run = TRANSFORMATIONS[id]!
  const filter = objectOf(config['filter'])
  const wanted = textOf(filter['options']) ?? ''
  if (filter['id'] !== 'byRefId' || wanted === '') return run(frames, options)
  const isMeant = (frame: Frame): boolean => isOfQuery(frame, wanted)
  const first = frames.findIndex(isMeant)
  if (first === -1) return frames
  const rest = frames.filter((frame) => !isMeant(frame))
  const before = frames.slice(0, first).filter((frame) => !isMeant(frame)).length
  return [...rest.slice(0, before), ...run(frames.filter(isMeant), options), ...rest.slice(before)]
}

/** Variables may stand in any text of the options. */
function filled(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return value.includes('$') ? fill(value) : value
  if (Array.isArray(value)) return value.map((item) => filled(item, fill))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, fill)]))
}
