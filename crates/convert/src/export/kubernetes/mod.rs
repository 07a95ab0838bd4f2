//! Kubernetes: pools as Deployments and Services, listeners as a Gateway with its routes (Gateway API).

mod facts;
mod gateway;
mod names;
mod notes;
mod object;
mod probe;
mod routes;
mod support;
mod workload;

use stickylb::api::ResolvedConfig;

use super::writer::Writer;
use names::Names;

pub(super) use support::support;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    let names = Names::of(config);
    to.comment("Written by stickylb-tui for Kubernetes 1.33 or newer, with the Gateway API 1.6 or newer. Before it serves: name your");
    to.comment("images, and the gatewayClassName of your cluster (kubectl get gatewayclass). It is checked by the first command, and");
    to.comment("started by the second:");
    to.comment("kubectl apply --dry-run=server -f kubernetes.yaml");
    to.comment("kubectl apply -f kubernetes.yaml");
    notes::of_the_whole(config, to);
    for pool in &config.pools {
        workload::write(pool, &names, to);
    }
    gateway::write(config, to);
    routes::write(config, &names, to);
}
