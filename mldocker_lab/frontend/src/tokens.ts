import { Token } from '@lumino/coreutils';

import type { CourseModel } from './coursemodel';
import type { EngineModel } from './enginemodel';
import type { Client } from './request';

/** The lab's routes. */
export const IClient = new Token<Client>('mldocker-lab:IClient', 'Asks the routes of mldocker_lab.');

/** The course: lessons, exercises, and what runs. */
export const ICourseModel = new Token<CourseModel>(
  'mldocker-lab:ICourseModel',
  'Lessons and exercises of mldocker_lab, and how far you are.'
);

/** The engine. */
export const IEngineModel = new Token<EngineModel>(
  'mldocker-lab:IEngineModel',
  'The Docker engine that mldocker_lab uses.'
);
