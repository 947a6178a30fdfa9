import type { DeployedRoute } from '../template/apis.ts';

/** A route that matches a request, with the values of the variables in its path. */
export interface Match<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Returns the route that API Gateway would choose for a request; undefined if no route matches. A route without a greedy variable
 * (`{name+}`) is preferred to a route with a greedy variable, and each of them is preferred to `$default`. Between routes of the
 * same kind, the route with more literal segments is preferred, and after that a route with a method is preferred to a route with
 * ANY (docs.aws.amazon.com/apigateway, http-api-develop-routes, collected 2026-11-25).
 */
export function matchRoute<Route extends Pick<DeployedRoute, 'key'>>(
  routes: readonly Route[],
  method: string,
  path: string,
): Match<Route> | undefined {
  let best: (Match<Route> & { readonly rank: number }) | undefined;
  for (const route of routes) {
    const found = match(route.key, method, path);
    if (found !== undefined && found.rank > (best?.rank ?? Number.NEGATIVE_INFINITY)) best = { route, ...found };
  }
  return best && { route: best.route, pathParameters: best.pathParameters };
}

const GREEDY_COST = 1_000;
const DEFAULT_RANK = -1_000_000;

function match(key: string, method: string, path: string) {
  if (key === '$default') return { rank: DEFAULT_RANK, pathParameters: {} };
  const [verb, pattern = ''] = key.split(' ');
  if (verb !== 'ANY' && verb !== method) return undefined;
  const wanted = segments(pattern);
  const given = segments(path);
  const pathParameters: Record<string, string> = {};
  let rank = verb === 'ANY' ? 0 : 1;
  for (const [place, segment] of wanted.entries()) {
    const variable = /^\{([^}+]+)(\+?)\}$/.exec(segment);
    const value = given[place];
    if (variable?.[2]) {
      if (value === undefined) return undefined;
      pathParameters[variable[1] ?? ''] = given.slice(place).join('/');
      return { rank: rank - GREEDY_COST, pathParameters };
    }
    if (value === undefined || (variable === null && value !== segment)) return undefined;
    if (variable === null) rank += 2;
    else pathParameters[variable[1] ?? ''] = value;
  }
  return wanted.length === given.length ? { rank, pathParameters } : undefined;
}

function segments(path: string): string[] {
  return path.split('/').slice(1);
}
