/// Who gets past the door of which address: those of the default roles whose users are let in. Written down here so that a change
/// of it is seen. Whose records there are behind the door is another matter.
enum RouteMatrix {
    static let text = """
        GET /healthz: everyone
        GET /readyz: everyone
        GET /openapi.json: everyone
        GET /assets/{file}: everyone
        GET /: everyone
        GET /login: everyone
        POST /login: everyone
        POST /logout: everyone
        GET /metrics: administrator management
        GET /api/v1/me: users
        GET /api/v1/schema: users
        GET /api/v1/search: users
        GET /api/v1/status: users
        GET /api/v1/tokens: users
        POST /api/v1/tokens: users
        DELETE /api/v1/tokens/{id}: users
        POST /api/v1/users/{id}/password: users
        GET /api/v1/access/explain: users
        GET /api/v1/notifications: users
        GET /api/v1/notifications/events: users
        POST /api/v1/notifications/read-all: users
        POST /api/v1/notifications/{id}/read: users
        GET /api/v1/metrics: users
        GET /api/v1/metrics/{key}: users
        GET /api/v1/dashboards: users
        GET /api/v1/dashboards/{name}: users
        GET /api/v1/changes: users
        GET /api/v1/changes/{id}: users
        POST /api/v1/changes/{id}/undo: users
        POST /api/v1/formulas/check: users
        GET /api/v1/formulas/functions: users
        GET /api/v1/traces/{id}: users
        GET /api/v1/imports: users
        POST /api/v1/imports: administrator sales_manager account_manager marketing crm_administrator
        GET /api/v1/imports/{id}: users
        PATCH /api/v1/imports/{id}: users
        DELETE /api/v1/imports/{id}: users
        GET /api/v1/imports/{id}/errors: users
        GET /api/v1/imports/{id}/errors.csv: users
        GET /api/v1/imports/{id}/problems: users
        GET /api/v1/imports/{id}/problems.csv: users
        POST /api/v1/imports/{id}/check: users
        POST /api/v1/imports/{id}/run: users
        POST /api/v1/imports/{id}/cancel: users
        POST /api/v1/imports/{id}/revert: users
        GET /api/v1/roles/matrix: administrator
        GET /api/v1/settings: administrator crm_administrator
        PATCH /api/v1/settings: administrator crm_administrator
        GET /api/v1/settings/export: administrator crm_administrator
        GET /api/v1/settings/history: administrator crm_administrator
        POST /api/v1/settings/import: administrator crm_administrator
        POST /api/v1/settings/reset: administrator crm_administrator
        GET /api/v1/settings/{key}: administrator crm_administrator
        PATCH /api/v1/settings/{key}: administrator crm_administrator
        DELETE /api/v1/settings/{key}: administrator crm_administrator
        POST /api/v1/mail/test: administrator crm_administrator
        GET /api/v1/custom-fields: administrator crm_administrator
        POST /api/v1/custom-fields: administrator crm_administrator
        GET /api/v1/custom-fields/{id}: administrator crm_administrator
        PATCH /api/v1/custom-fields/{id}: administrator crm_administrator
        DELETE /api/v1/custom-fields/{id}: administrator crm_administrator
        GET /api/v1/deployment: administrator
        POST /api/v1/deployment: administrator
        GET /api/v1/plugins: administrator management
        POST /api/v1/plugins/plan: administrator
        POST /api/v1/plugins/restore: administrator
        POST /api/v1/plugins/enable: administrator
        POST /api/v1/plugins/disable: administrator
        POST /api/v1/plugins/upgrade: administrator
        POST /api/v1/plugins/uninstall: administrator
        GET /api/v1/plugins/{id}: administrator management
        GET /api/v1/plugins/{id}/history: administrator management
        GET /api/v1/plugins/{id}/uses: administrator management
        POST /api/v1/plugins/{id}/enable: administrator
        POST /api/v1/plugins/{id}/disable: administrator
        POST /api/v1/plugins/{id}/upgrade: administrator
        POST /api/v1/plugins/{id}/uninstall: administrator
        POST /api/v1/plugins/{id}/release: administrator
        GET /api/v1/doctor: administrator management
        POST /api/v1/doctor: administrator
        GET /api/v1/backup: administrator
        GET /api/v1/status/peers: administrator management
        GET /api/v1/crashes: administrator management
        GET /api/v1/crashes/{id}: administrator management
        GET /api/v1/jobs: administrator management
        GET /api/v1/jobs/queue/{id}: administrator management
        POST /api/v1/jobs/queue/{id}/retry: administrator
        POST /api/v1/jobs/queue/{id}/cancel: administrator
        POST /api/v1/jobs/{name}/run: administrator
        GET /api/v1/hooks: administrator management
        GET /api/v1/hooks/rules: administrator management
        GET /api/v1/hooks/failed: administrator management
        POST /api/v1/hooks/failed/{id}/retry: administrator
        POST /api/v1/hooks/failed/{id}/discard: administrator
        GET /api/v1/hooks/events/{id}: administrator management
        GET /api/v1/hooks/slow: administrator management
        DELETE /api/v1/hooks/slow: administrator
        GET /api/v1/traces: administrator
        GET /api/v1/{entity}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}: administrator sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/export: administrator management sales_manager marketing crm_administrator
        GET /api/v1/{entity}/board: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/cards: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}/order: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /api/v1/{entity}/bulk: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/duplicates: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}/duplicates: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        PATCH /api/v1/{entity}/{id}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        DELETE /api/v1/{entity}/{id}: administrator sales_manager crm_administrator
        GET /api/v1/{entity}/{id}/timeline: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}/duplicates: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}/merge: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}/{id}/merge: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /api/v1/{entity}/{id}/notes: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}/{id}/notes: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}/notes/{note}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        PATCH /api/v1/{entity}/{id}/notes/{note}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        DELETE /api/v1/{entity}/{id}/notes/{note}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}/panels: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /api/v1/{entity}/{id}/panels/{name}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /api/v1/{entity}/{id}/move: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /api/v1/{entity}/{id}/actions/{action}: administrator sales_manager sales_agent sdr crm_administrator
        POST /api/v1/{entity}/{id}/actions/{action}: administrator sales_manager sales_agent sdr crm_administrator
        GET /admin: users
        GET /admin/login: everyone
        GET /admin/search: users
        GET /admin/lookup/{entity}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/events: users
        GET /admin/notifications: users
        GET /admin/notifications/{id}: users
        POST /admin/notifications/{id}: users
        GET /admin/profile: users
        POST /admin/profile/appearance: users
        POST /admin/profile/tracing: users
        POST /admin/profile/password: users
        POST /admin/profile/tokens: users
        POST /admin/profile/tokens/{id}/revoke: users
        POST /admin/formulas/check: users
        GET /admin/dashboards: users
        GET /admin/dashboards/{name}: users
        GET /admin/changes: users
        GET /admin/changes/{id}: users
        POST /admin/changes/{id}/undo: users
        GET /admin/explain: users
        GET /admin/imports: administrator sales_manager account_manager marketing crm_administrator
        GET /admin/imports/new: administrator sales_manager account_manager marketing crm_administrator
        POST /admin/imports/new: administrator sales_manager account_manager marketing crm_administrator
        GET /admin/imports/{id}: administrator sales_manager account_manager marketing crm_administrator
        GET /admin/imports/{id}/{step}: administrator sales_manager account_manager marketing crm_administrator
        POST /admin/imports/{id}/{step}: administrator sales_manager account_manager marketing crm_administrator
        GET /admin/traces/{id}: users
        GET /admin/plugins: administrator
        GET /admin/plugins/{id}: administrator
        GET /admin/plugins/{id}/{change}: administrator
        POST /admin/plugins/{id}/{change}: administrator
        GET /admin/settings: administrator marketing crm_administrator
        GET /admin/settings/import: administrator crm_administrator
        POST /admin/settings/import: administrator crm_administrator
        GET /admin/settings/reset: administrator crm_administrator
        POST /admin/settings/reset: administrator crm_administrator
        POST /admin/settings/mail-test: administrator crm_administrator
        GET /admin/settings/{section}: administrator crm_administrator
        POST /admin/settings/{section}: administrator crm_administrator
        GET /admin/fields: administrator crm_administrator
        GET /admin/fields/new: administrator crm_administrator
        POST /admin/fields/new: administrator crm_administrator
        POST /admin/fields/check: administrator crm_administrator
        GET /admin/fields/{id}/edit: administrator crm_administrator
        POST /admin/fields/{id}/edit: administrator crm_administrator
        GET /admin/fields/{id}/delete: administrator crm_administrator
        POST /admin/fields/{id}/delete: administrator crm_administrator
        GET /admin/jobs: administrator management
        GET /admin/jobs/queue: administrator management
        GET /admin/jobs/schedules: administrator management
        GET /admin/jobs/hooks: administrator management
        GET /admin/jobs/slow: administrator management
        GET /admin/jobs/servers: administrator management
        GET /admin/jobs/health: administrator management
        POST /admin/jobs/health/mend: administrator
        POST /admin/jobs/slow/forget: administrator
        POST /admin/jobs/failed/{id}/{change}: administrator
        POST /admin/jobs/queue/{id}/retry: administrator
        POST /admin/jobs/schedules/{name}/run: administrator
        GET /admin/crashes: administrator management
        GET /admin/crashes/{id}: administrator management
        GET /admin/traces: administrator
        GET /admin/roles/{record}: administrator
        POST /admin/roles/{record}/rights: administrator
        GET /admin/users/{record}/password: administrator
        POST /admin/users/{record}/password: administrator
        GET /admin/{entity}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/board: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/new: administrator sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/new: administrator sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/bulk/{change}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/bulk/{change}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/merge: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/merge: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/duplicates: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/columns: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/order: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/views: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/views/{id}/delete: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/{id}: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/{id}/edit: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/edit: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/resolve: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/{id}/merge-in: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/merge-in: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/{id}/delete: administrator sales_manager crm_administrator
        POST /admin/{entity}/{id}/delete: administrator sales_manager crm_administrator
        POST /admin/{entity}/{id}/undo: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/{id}/move: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/move: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/{id}/cell/{field}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/cell/{field}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        POST /admin/{entity}/{id}/toggle/{field}: administrator sales_manager sales_agent sdr account_manager crm_administrator
        GET /admin/{entity}/{id}/timeline: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/{id}/notes: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/{id}/notes: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/{id}/notes/{note}/edit: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/{id}/notes/{note}/edit: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        POST /admin/{entity}/{id}/notes/{note}/delete: administrator management sales_manager sales_agent sdr account_manager marketing crm_administrator
        GET /admin/{entity}/{id}/actions/{action}: administrator sales_manager sales_agent sdr crm_administrator
        POST /admin/{entity}/{id}/actions/{action}: administrator sales_manager sales_agent sdr crm_administrator
        """
}
