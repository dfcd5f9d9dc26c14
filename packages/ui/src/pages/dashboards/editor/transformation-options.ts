import { isKnownTransformation, TRANSFORMATION_IDS, type JsonObject } from '@promontory/panels'
import { isAt, type OptionField } from './option-field.ts'

/** A transformation of the picker. */
export interface TransformationForm {
  readonly name: string
  readonly what: string
  readonly fields: readonly OptionField[]
  /** Options of one that is added. */
  readonly initial?: JsonObject
}

const FIELD_TYPES = [
  ['number', 'Number'],
  ['string', 'Text'],
  ['time', 'Time'],
  ['boolean', 'Yes or no'],
  ['other', 'Other'],
] as const

const JOIN: TransformationForm = {
  name: 'Join by field',
  what: 'Rows of several queries beside each other, where a column agrees',
  fields: [
    { kind: 'name', path: ['byField'], label: 'Field', hint: 'the time' },
    {
      kind: 'choice',
      path: ['mode'],
      label: 'Keep',
      fallback: 'outer',
      choices: [
        ['outer', 'every row'],
        ['inner', 'rows that all have'],
        ['outerTabular', 'every row, repeated ones too'],
      ],
    },
  ],
}

const VALUE_TESTS = [
  ['isNull', 'is null'],
  ['isNotNull', 'is not null'],
  ['greater', '>'],
  ['greaterOrEqual', '≥'],
  ['lower', '<'],
  ['lowerOrEqual', '≤'],
  ['equal', '='],
  ['notEqual', '≠'],
  ['between', 'is between'],
  ['substring', 'contains'],
  ['notSubstring', 'does not contain'],
  ['regex', 'matches'],
] as const

/** Forms by id, in the order of the picker. Those with a form of their own (`organize`, `groupBy`) have no fields. */
export const TRANSFORMATION_FORMS: Readonly<Record<string, TransformationForm>> = {
  organize: { name: 'Organize fields', what: 'Order, hide and rename columns', fields: [] },
  merge: { name: 'Merge', what: 'The answers of several queries as one table', fields: [] },
  joinByField: JOIN,
  sortBy: {
    name: 'Sort by',
    what: 'Rows in the order of a column',
    fields: [
      { kind: 'name', path: ['sort', 0, 'field'], label: 'Field' },
      { kind: 'flag', path: ['sort', 0, 'desc'], label: 'Largest first' },
    ],
    initial: { fields: {}, sort: [{ field: '' }] },
  },
  groupBy: { name: 'Group by', what: 'A row per group, with calculations', fields: [] },
  filterFieldsByName: {
    name: 'Filter fields by name',
    what: 'Keep some columns',
    fields: [
      { kind: 'names', path: ['include', 'names'], label: 'Keep' },
      { kind: 'text', path: ['include', 'pattern'], label: 'Or those that match', hint: '/regex/' },
      { kind: 'names', path: ['exclude', 'names'], label: 'Leave out' },
      { kind: 'text', path: ['exclude', 'pattern'], label: 'And those that match', hint: '/regex/' },
    ],
  },
  timeSeriesTable: {
    name: 'Time series to table',
    what: 'A row per series, with its line in a cell',
    fields: ['A', 'B', 'C'].map((refId) => ({ kind: 'calculation', path: [refId, 'stat'], label: `Value of ${refId}`, fallback: 'lastNotNull' })),
  },
  calculateField: {
    name: 'Add a field from a calculation',
    what: 'A new column from others',
    fields: [
      {
        kind: 'choice',
        path: ['mode'],
        label: 'From',
        fallback: 'reduceRow',
        choices: [
          ['reduceRow', 'each row'],
          ['binary', 'two fields'],
          ['unary', 'one field'],
          ['cumulativeFunctions', 'a field, summed up'],
          ['windowFunctions', 'a moving window'],
          ['index', 'the number of the row'],
        ],
      },
      {
        kind: 'calculation',
        path: ['reduce', 'reducer'],
        label: 'Calculation',
        when: isAt(['mode'], undefined, 'reduceRow'),
      },
      { kind: 'names', path: ['reduce', 'include'], label: 'Of', when: isAt(['mode'], undefined, 'reduceRow') },
      { kind: 'name', path: ['binary', 'left'], label: 'Left', when: isAt(['mode'], 'binary') },
      {
        kind: 'choice',
        path: ['binary', 'operator'],
        label: 'Operation',
        fallback: '+',
        choices: ['+', '-', '*', '/', '**', '%'].map((operator) => [operator, operator] as const),
        when: isAt(['mode'], 'binary'),
      },
      { kind: 'name', path: ['binary', 'right'], label: 'Right, or a number', when: isAt(['mode'], 'binary') },
      {
        kind: 'choice',
        path: ['unary', 'operator'],
        label: 'Operation',
        fallback: 'abs',
        choices: ['abs', 'exp', 'ln', 'floor', 'ceil', 'round'].map((name) => [name, name] as const),
        when: isAt(['mode'], 'unary'),
      },
      { kind: 'name', path: ['unary', 'fieldName'], label: 'Field', when: isAt(['mode'], 'unary') },
      { kind: 'name', path: ['cumulative', 'field'], label: 'Field', when: isAt(['mode'], 'cumulativeFunctions') },
      {
        kind: 'choice',
        path: ['cumulative', 'reducer'],
        label: 'As',
        fallback: 'sum',
        choices: [['sum', 'total'], ['mean', 'mean']],
        when: isAt(['mode'], 'cumulativeFunctions'),
      },
      { kind: 'name', path: ['window', 'field'], label: 'Field', when: isAt(['mode'], 'windowFunctions') },
      {
        kind: 'calculation',
        path: ['window', 'reducer'],
        label: 'Calculation',
        when: isAt(['mode'], 'windowFunctions'),
      },
      {
        kind: 'choice',
        path: ['window', 'windowSizeMode'],
        label: 'Window',
        fallback: 'percentage',
        choices: [['percentage', 'a share of the rows'], ['fixed', 'a number of rows']],
        when: isAt(['mode'], 'windowFunctions'),
      },
      { kind: 'number', path: ['window', 'windowSize'], label: 'Size', hint: '0.1', when: isAt(['mode'], 'windowFunctions') },
      { kind: 'text', path: ['alias'], label: 'Name' },
      { kind: 'flag', path: ['replaceFields'], label: 'In place of all other fields' },
    ],
    initial: { mode: 'binary', binary: { left: '', operator: '+', right: '' } },
  },
  renameByRegex: {
    name: 'Rename by pattern',
    what: 'Names by a regular expression',
    fields: [
      { kind: 'text', path: ['regex'], label: 'Match', hint: '(.*) bytes' },
      { kind: 'text', path: ['renamePattern'], label: 'Name', hint: '$1' },
    ],
    initial: { regex: '', renamePattern: '' },
  },
  reduce: {
    name: 'Reduce',
    what: 'Each column as one value',
    fields: [
      {
        kind: 'choice',
        path: ['mode'],
        label: 'Into',
        fallback: 'seriesToRows',
        choices: [['seriesToRows', 'a row per series'], ['reduceFields', 'one row']],
      },
      { kind: 'calculations', path: ['reducers'], label: 'Calculations' },
      { kind: 'flag', path: ['labelsToFields'], label: 'Labels as columns' },
      { kind: 'flag', path: ['includeTimeField'], label: 'The time too', when: isAt(['mode'], 'reduceFields') },
    ],
    initial: { reducers: ['lastNotNull'] },
  },
  labelsToFields: {
    name: 'Labels to fields',
    what: 'Labels as columns, or as rows',
    fields: [
      {
        kind: 'choice',
        path: ['mode'],
        label: 'As',
        fallback: 'columns',
        choices: [['columns', 'columns'], ['rows', 'rows']],
      },
      { kind: 'names', path: ['keepLabels'], label: 'Only these labels' },
      { kind: 'text', path: ['valueLabel'], label: 'Label that names the value' },
    ],
  },
  prepareTimeSeries: {
    name: 'Prepare time series',
    what: 'Tables as series, series as one table',
    fields: [
      {
        kind: 'choice',
        path: ['format'],
        label: 'As',
        fallback: 'wide',
        choices: [['wide', 'one wide table'], ['multi', 'a table per series'], ['long', 'one long table']],
      },
    ],
  },
  filterByValue: {
    name: 'Filter by value',
    what: 'Keep rows, or leave them out',
    fields: [
      { kind: 'choice', path: ['type'], label: 'Rows are', fallback: 'include', choices: [['include', 'kept'], ['exclude', 'left out']] },
      { kind: 'choice', path: ['match'], label: 'When', fallback: 'any', choices: [['any', 'one condition holds'], ['all', 'all conditions hold']] },
      {
        kind: 'list',
        path: ['filters'],
        label: 'Conditions',
        item: 'condition',
        empty: { fieldName: '', config: { id: 'greater', options: { value: 0 } } },
        fields: [
          { kind: 'name', path: ['fieldName'], label: 'Field' },
          { kind: 'choice', path: ['config', 'id'], label: 'Test', fallback: 'greater', choices: VALUE_TESTS },
          {
            kind: 'text',
            path: ['config', 'options', 'value'],
            label: 'Value',
            when: (json) => !isAt(['config', 'id'], 'isNull', 'isNotNull', 'between', 'range')(json),
          },
          { kind: 'number', path: ['config', 'options', 'from'], label: 'From', when: isAt(['config', 'id'], 'between', 'range') },
          { kind: 'number', path: ['config', 'options', 'to'], label: 'To', when: isAt(['config', 'id'], 'between', 'range') },
        ],
      },
    ],
    initial: { type: 'include', match: 'all', filters: [] },
  },
  extractFields: {
    name: 'Extract fields',
    what: 'Columns from what stands inside a text',
    fields: [
      { kind: 'name', path: ['source'], label: 'Field' },
      {
        kind: 'choice',
        path: ['format'],
        label: 'Form',
        fallback: 'auto',
        choices: [['auto', 'found out'], ['json', 'JSON'], ['kvp', 'key=value'], ['regexp', 'regular expression'], ['delimiter', 'parted']],
      },
      { kind: 'text', path: ['regExp'], label: 'Expression', hint: '/(?<name>.*)/', when: isAt(['format'], 'regexp') },
      { kind: 'text', path: ['delimiter'], label: 'Parted by', hint: ',', when: isAt(['format'], 'delimiter') },
      {
        kind: 'list',
        path: ['jsonPaths'],
        label: 'Paths',
        item: 'path',
        empty: { path: '' },
        fields: [
          { kind: 'text', path: ['path'], label: 'Path', hint: 'a.b[0]' },
          { kind: 'text', path: ['alias'], label: 'Name' },
        ],
        when: isAt(['format'], 'json'),
      },
      { kind: 'flag', path: ['replace'], label: 'In place of all other fields' },
      { kind: 'flag', path: ['keepTime'], label: 'Keep the time', when: isAt(['replace'], true) },
    ],
  },
  seriesToRows: { name: 'Series to rows', what: 'All series below each other', fields: [] },
  convertFieldType: {
    name: 'Convert field type',
    what: 'Columns read as another type',
    fields: [
      {
        kind: 'list',
        path: ['conversions'],
        label: 'Conversions',
        item: 'conversion',
        empty: { targetField: '', destinationType: 'number' },
        fields: [
          { kind: 'name', path: ['targetField'], label: 'Field' },
          { kind: 'choice', path: ['destinationType'], label: 'As', fallback: 'number', choices: FIELD_TYPES },
          { kind: 'text', path: ['dateFormat'], label: 'Form of times', hint: 'YYYY-MM-DD', when: isAt(['destinationType'], 'time', 'string') },
        ],
      },
    ],
    initial: { fields: {}, conversions: [{ targetField: '', destinationType: 'number' }] },
  },
  groupingToMatrix: {
    name: 'Grouping to matrix',
    what: 'Two columns against each other',
    fields: [
      { kind: 'name', path: ['columnField'], label: 'Columns' },
      { kind: 'name', path: ['rowField'], label: 'Rows' },
      { kind: 'name', path: ['valueField'], label: 'Cells' },
    ],
  },
  limit: { name: 'Limit', what: 'The first rows', fields: [{ kind: 'number', path: ['limitField'], label: 'Rows', hint: '10' }] },
  filterByRefId: {
    name: 'Filter by query',
    what: 'Only some queries',
    fields: [{ kind: 'text', path: ['include'], label: 'Queries', hint: 'A|B' }],
  },
  formatTime: {
    name: 'Format time',
    what: 'Times as texts',
    fields: [
      { kind: 'name', path: ['timeField'], label: 'Field' },
      { kind: 'text', path: ['outputFormat'], label: 'Form', hint: 'YYYY-MM-DD HH:mm' },
      { kind: 'text', path: ['timezone'], label: 'Time zone', hint: 'browser' },
    ],
  },
  joinByLabels: {
    name: 'Join by labels',
    what: 'A row per set of labels, a column per value of one',
    fields: [
      { kind: 'text', path: ['value'], label: 'Label of the columns' },
      { kind: 'names', path: ['join'], label: 'Labels of the rows' },
    ],
  },
  rowsToFields: {
    name: 'Rows to fields',
    what: 'A field per row: one column has the names, another the values',
    fields: [
      {
        kind: 'list', path: ['mappings'], label: 'Columns', item: 'column', empty: { fieldName: '', handlerKey: 'field.name' },
        fields: [
          { kind: 'name', path: ['fieldName'], label: 'Column' },
          { kind: 'choice', path: ['handlerKey'], label: 'Is', fallback: '__ignore', choices: [['field.name', 'the name'], ['field.value', 'the value'], ['__ignore', 'left out']] },
        ],
      },
    ],
  },
  configFromData: {
    name: 'Field options from data',
    what: 'What one query answers (min, unit, threshold, …) for the fields of the others',
    fields: [
      { kind: 'text', path: ['configRefId'], label: 'Query with the options', fallback: 'config', hint: 'B' },
      { kind: 'choice', path: ['applyTo', 'id'], label: 'For fields', fallback: 'numeric', choices: [['numeric', 'all numbers'], ['byName', 'called'], ['byRegexp', 'that match'], ['byFrameRefID', 'of the query']] },
      { kind: 'name', path: ['applyTo', 'options'], label: 'Which', when: isAt(['applyTo', 'id'], 'byName', 'byRegexp', 'byFrameRefID') },
      {
        kind: 'list', path: ['mappings'], label: 'Options', item: 'option', empty: { fieldName: '', handlerKey: 'max' },
        fields: [
          { kind: 'name', path: ['fieldName'], label: 'Column' },
          { kind: 'choice', path: ['handlerKey'], label: 'Is', fallback: '__ignore', choices: [['min', 'min'], ['max', 'max'], ['unit', 'the unit'], ['decimals', 'decimals'], ['displayName', 'the name'], ['color', 'the colour'], ['threshold1', 'a threshold'], ['__ignore', 'left out']] },
          { kind: 'calculation', path: ['reducerId'], label: 'By', fallback: 'lastNotNull' },
        ],
      },
    ],
  },
  partitionByValues: {
    name: 'Partition by values',
    what: 'A table per value of a column',
    fields: [
      { kind: 'names', path: ['fields'], label: 'Fields' },
      { kind: 'flag', path: ['keepFields'], label: 'Keep the column' },
    ],
  },
  transpose: {
    name: 'Transpose',
    what: 'Rows as columns',
    fields: [
      { kind: 'text', path: ['firstFieldName'], label: 'Name of the first column' },
      { kind: 'text', path: ['restFieldsName'], label: 'Name of the others' },
    ],
  },
  seriesToColumns: JOIN,
} // prettier-ignore

/** Options of a transformation that is added. */
export function newTransformation(id: string): JsonObject {
  return { id, options: TRANSFORMATION_FORMS[id]?.initial ?? {} }
}

/** What can be added; one that has no form is edited as JSON. */
export const TRANSFORMATION_CHOICES: readonly (readonly [id: string, name: string])[] = [
  ...new Set([...Object.keys(TRANSFORMATION_FORMS), ...TRANSFORMATION_IDS]),
]
  .filter((id) => isKnownTransformation(id) && id !== 'seriesToColumns' && id !== 'append' && id !== 'noop')
  .map((id) => [id, TRANSFORMATION_FORMS[id]?.name ?? id])
