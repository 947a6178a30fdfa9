/** Key in the metadata of an alarm in the template: it depends on time, so that a machine that is too busy can raise it. */
export const DEPENDS_ON_TIME = 'Mailover:DependsOnTime';
