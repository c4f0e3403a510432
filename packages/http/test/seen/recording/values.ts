/** What an attribute may be. */
import type { AttributeValue } from '@opentelemetry/api';

const SIMPLE = ['string', 'number', 'boolean'];

/** One value, or a list of values of one type (specification, "Attribute"). */
export function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return SIMPLE.includes(typeof value);
  return value.every((each) => SIMPLE.includes(typeof each) && typeof each === typeof value[0]);
}
