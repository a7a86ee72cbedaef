import { client, course } from './courseplugin';
import { engine, status } from './engineplugin';

/** Small parts, each of which can be disabled. */
export default [client, course, engine, status];
