// What our dashboards may hold: Grafana's own types, each kind of panel with its own options, and
// both kinds of questions. An enum of Grafana stands in JSON as its word.
import type {
  Dashboard, DataSourceRef, FieldConfig, MatcherConfig, Panel, RowPanel,
} from '@grafana/schema';
import type { GraphFieldConfig, TableFieldOptions } from '@grafana/schema';
import type { Options as Bars } from
  '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Heat, FieldConfig as HeatField } from
  '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type { Options as Stat } from
  '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as Line, FieldConfig as LineField } from
  '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as Table } from
  '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as Chart } from
  '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = T extends string ? `${T}`
  : T extends (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;

interface ToGraphite {
  refId: string; datasource: DataSourceRef; target: string; textEditor: boolean;
}
interface ToPrometheus {
  refId: string; datasource: DataSourceRef; editorMode: 'code'; expr: string;
  legendFormat: string; instant: boolean; range: boolean; format: 'table' | 'time_series';
}

type Field<Custom> = Omit<FieldConfig, 'custom'> & { custom?: Custom };
type Of<Kind extends string, Options, Custom = never> =
  Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource'> & {
    type: Kind;
    options: Options;
    datasource: DataSourceRef;
    targets: (ToGraphite | ToPrometheus)[];
    fieldConfig: {
      defaults: Field<Custom>;
      overrides: { matcher: MatcherConfig; properties: { id: string; value?: unknown }[] }[];
    };
  };

type Drawn =
  | Of<'stat', Stat>
  | Of<'timeseries', Chart, GraphFieldConfig>
  | Of<'bargauge', Bars>
  | Of<'heatmap', Heat, HeatField>
  | Of<'state-timeline', Line, LineField>
  | Of<'table', Table, TableFieldOptions>
  | (Omit<RowPanel, 'type'> & { type: 'row' });

export type Ours = Json<Omit<Dashboard, 'panels'> & { panels: Drawn[] }>;
