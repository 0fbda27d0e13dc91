export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every sentence of the page; the browser fills in `{n}`-like places. */
export interface Texts {
  readonly htmlLang: string;
  readonly title: string;
  readonly lead: string;
  readonly other: string;
  readonly noScript: string;
  readonly filter: string;
  readonly refusedOnly: string;
  readonly summary: string;
  readonly offline: string;
  readonly empty: string;
  readonly resource: string;
  readonly rate: string;
  readonly refused: string;
  readonly errors: string;
  readonly slow: string;
  readonly time: string;
  readonly running: string;
  readonly circuit: string;
  readonly rules: string;
  readonly changes: string;
  readonly refusals: string;
  readonly shadow: string;
  readonly unknown: string;
  readonly instances: string;
  readonly states: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
}

const en: Texts = {
  htmlLang: 'en',
  title: 'Rookery resilience',
  lead: 'Every resource of every service, and the gateway’s own routes: the last ten seconds, second by second.',
  other: '中文',
  noScript: 'This page needs JavaScript. The same is at /admin/resilience as JSON.',
  filter: 'Service or resource',
  refusedOnly: 'Only what refuses, fails or is open',
  summary: '{n} resources of {m} instances, {t}',
  offline: 'The gateway does not answer. Shown is what it said last.',
  empty: 'Nothing has been called yet.',
  resource: 'Resource',
  rate: 'calls/s',
  refused: 'refused/s',
  errors: 'errors',
  slow: 'slow',
  time: 'mean / p99 ms',
  running: 'running',
  circuit: 'Breakers',
  rules: 'Rules and what they refused',
  changes: 'Last changes of breakers',
  refusals: 'Last refused',
  shadow: 'shadow',
  unknown: 'unknown caller',
  instances: '{n} instances',
  states: { closed: 'closed', 'half-open': 'half-open', open: 'open' },
  missing: {
    none: 'shows no resources',
    unreachable: 'does not answer',
    unreadable: 'is not understood',
    'too-many': 'is one too many',
  },
};

const zh: Texts = {
  htmlLang: 'zh-CN',
  title: 'Rookery 流量防护',
  lead: '所有服务的全部资源以及网关自身的路由：最近十秒，每秒更新。',
  other: 'English',
  noScript: '本页面需要 JavaScript。相同内容的 JSON 位于 /admin/resilience。',
  filter: '服务或资源',
  refusedOnly: '只看被拒绝、出错或熔断的',
  summary: '{m} 个实例的 {n} 个资源，{t}',
  offline: '网关没有应答，显示的是最后一次的内容。',
  empty: '还没有任何调用。',
  resource: '资源',
  rate: '调用/秒',
  refused: '拒绝/秒',
  errors: '错误',
  slow: '慢调用',
  time: '平均 / p99 毫秒',
  running: '进行中',
  circuit: '熔断器',
  rules: '规则及其拒绝数',
  changes: '熔断器最近变化',
  refusals: '最近被拒绝',
  shadow: '试运行',
  unknown: '未知调用方',
  instances: '{n} 个实例',
  states: { closed: '关闭', 'half-open': '半开', open: '打开' },
  missing: {
    none: '不提供资源信息',
    unreachable: '没有应答',
    unreadable: '应答无法识别',
    'too-many': '超出显示数量',
  },
};

/** What the reader asked for, else the first language of the browser that the page speaks. */
export function textsFor(asked: string | null, acceptLanguage = ''): { language: Language; texts: Texts } {
  const wanted = [asked ?? '', ...acceptLanguage.slice(0, 500).split(',')].map((tag) => tag.trim().slice(0, 2));
  const language = wanted.flatMap((tag) => LANGUAGES.find((each) => each === tag.toLowerCase()) ?? [])[0] ?? 'en';
  return { language, texts: language === 'zh' ? zh : en };
}
