import PluginAPI

extension CommitEffects {
    /// Passes on what a stored transaction has set going: wakes the work that waits for it and tells open pages.
    func pass(to deliveries: Deliveries, _ jobs: JobRunner, _ live: LiveUpdates, _ registry: Registry) async {
        if hasDeliveries { deliveries.wake() }
        if hasJobs { jobs.wake() }
        if live.count == 0 { return }
        var touched: [String: [Int64]] = [:]
        for touch in self.touched { touched[touch.entity, default: []].append(touch.id) }
        live.publishAll(changed: touched)
        for notice in notices { live.publish(notice, registry) }
    }
}
