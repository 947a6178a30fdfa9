/**
 * Metadata key in the template that marks an alarm which depends on time. An overloaded machine can raise such an alarm while
 * nothing is broken.
 */
export const DEPENDS_ON_TIME = 'Mailover:DependsOnTime';
