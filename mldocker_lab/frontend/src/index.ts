import { client, course } from './courseplugin';
import { dockerfile } from './dockerfileplugin';
import { engine, status } from './engineplugin';
import { notebook } from './notebookplugin';
import { sides } from './sidesplugin';
import { tour } from './tourplugin';

/** Small parts, each of which can be disabled. */
export default [client, course, engine, status, dockerfile, notebook, sides, tour];
