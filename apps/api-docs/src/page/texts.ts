import type { DocumentProblem } from '../documents/errors.ts';
import type { Language } from './language.ts';

/** Every sentence of the page. `{n}`-like places are filled in by the browser. */
export interface Texts {
  htmlLang: string;
  title: string;
  lead: string;
  elsewhere: string;
  language: string;
  services: string;
  choose: string;
  source: string;
  instances: string;
  instance: string;
  noVersion: string;
  ok: string;
  none: string;
  waiting: string;
  unreachable: string;
  empty: string;
  internal: string;
  internalNotice: string;
  offline: string;
  noScript: string;
  summary: string;
  summaryFailing: string;
  reasons: Record<DocumentProblem, string>;
}

const en: Texts = {
  htmlLang: 'en',
  title: 'Rookery API documentation',
  lead: 'Every service that is registered now. “Try it out” sends real requests through the gateway; “Authorize” signs you in.',
  elsewhere: 'You can sign in at the public address of the platform only:',
  language: 'Language',
  services: 'Services',
  choose: 'Service',
  source: 'OpenAPI document',
  instances: '{n} instances',
  instance: '1 instance',
  noVersion: 'no version',
  ok: 'documented',
  none: 'no document',
  waiting: 'reading',
  unreachable: 'unreachable',
  empty: 'No service is registered yet. This page shows each one as soon as it is.',
  internal: 'internal',
  internalNotice: 'For the platform only: the gateway leads no caller there, so there is nothing to try out here.',
  offline: 'The documentation centre does not answer. Shown is what it said last.',
  noScript: 'This page needs JavaScript. The list of services and their documents is at /docs/services.json.',
  summary: '{n} services',
  summaryFailing: '{n} services, {m} of them unreachable',
  reasons: {
    DOCS_TIMEOUT: 'It did not answer in time.',
    DOCS_UNREACHABLE: 'No connection to it.',
    DOCS_STATUS: 'It answered with an error.',
    DOCS_TOO_LARGE: 'Its document is too large.',
    DOCS_NOT_OPENAPI: 'Its answer is not an OpenAPI 3 document.',
    DOCS_BAD_PATH: 'It registered a document path that is not valid.',
  },
};

const zh: Texts = {
  htmlLang: 'zh-CN',
  title: 'Rookery 接口文档',
  lead: '当前已注册的全部服务。“Try it out” 会通过网关发送真实请求；“Authorize” 用于登录。',
  elsewhere: '只能通过平台的公开地址登录：',
  language: '语言',
  services: '服务',
  choose: '服务',
  source: 'OpenAPI 文档',
  instances: '{n} 个实例',
  instance: '1 个实例',
  noVersion: '无版本号',
  ok: '文档正常',
  none: '没有文档',
  waiting: '读取中',
  unreachable: '无法读取',
  empty: '还没有已注册的服务。服务注册后会立即显示在这里。',
  internal: '内部',
  internalNotice: '仅供平台内部使用：网关不会转发到该服务，因此无法在此试用。',
  offline: '文档中心没有响应，以下为最后一次的内容。',
  noScript: '此页面需要 JavaScript。服务列表及其文档位于 /docs/services.json。',
  summary: '{n} 个服务',
  summaryFailing: '{n} 个服务，其中 {m} 个无法读取',
  reasons: {
    DOCS_TIMEOUT: '服务未在限定时间内响应。',
    DOCS_UNREACHABLE: '无法连接到该服务。',
    DOCS_STATUS: '服务返回了错误。',
    DOCS_TOO_LARGE: '文档过大。',
    DOCS_NOT_OPENAPI: '返回内容不是 OpenAPI 3 文档。',
    DOCS_BAD_PATH: '注册的文档路径无效。',
  },
};

export const TEXTS: Record<Language, Texts> = { en, zh };
