package dashboards

import "github.com/grafana/grafana-foundation-sdk/go/units"

func (o Options) service() sheet {
	s, byService, serviceLegend := o.ofServices(), o.byService(), o.serviceLegend()
	cpu, cpuReserved := usage(s, "cpu")
	memory, memoryReserved := usage(s, "memory")
	tasks := s.of(presence, "")
	share := func(title, what, used, reserved string) panel {
		return graphPanel(title, what+" The average of a service's tasks, and the busiest one.", units.PercentUnit,
			query{aggBy("avg", byService, used+" / "+reserved), serviceLegend + " average"},
			query{aggBy("max", byService, used+" / "+reserved), serviceLegend + " busiest"},
		).linked()
	}
	flow := func(title, description, in, inName, out, outName string) panel {
		return graphPanel(title, description, units.BytesPerSecondIEC,
			query{sumBy(byService, in), serviceLegend + " " + inName},
			query{sumBy(byService, out), serviceLegend + " " + outName},
		).linked()
	}
	return sheet{
		name: serviceDashboard, title: "services", from: "now-6h", variables: []string{varDataSource, varCluster, varService},
		description: "What ECS services do: tasks, resources, and the application's own metrics.",
		rows: []row{
			{"Overview", []panel{
				numberPanel("Running tasks", "Tasks that reported in the last minutes.", units.Short,
					"count("+tasks+")").orSay(needsTaskMetrics),
				numberPanel("Services", "Families of task definitions with running tasks.", units.Short,
					"count(count by ("+byService+") ("+tasks+"))").orSay(needsTaskMetrics),
				numberPanel("Revisions", "Revisions of task definitions that run. More than one for a service: a deployment is under way, or is stuck.", units.Short,
					"count(count by ("+byService+","+labelRevision+") ("+tasks+"))").orSay(needsTaskMetrics),
				numberPanel("CPU", "CPU used, of what a task has, as the average of all tasks.", units.PercentUnit,
					"avg("+cpu+" / "+cpuReserved+")", usageSteps...).orSay(needsUnits),
				numberPanel("Memory", "Memory used without caches, of what a task has, as the average of all tasks.", units.PercentUnit,
					"avg("+memory+" / "+memoryReserved+")", usageSteps...).orSay(needsCgroupV1),
				numberPanel("Scrapes that succeed", "Endpoints whose last scrape succeeded, of all that the collectors scrape.", units.PercentUnit,
					"avg("+s.of("up", "")+")", step{lowest, "red"}, step{1, "green"}).orSay(needsScrape),
			}},
			{"Tasks and resources", []panel{
				graphPanel("Tasks by revision", "Running tasks of each revision. A deployment moves them from one to the next.", units.Short,
					query{"count by (" + byService + "," + labelRevision + ") (" + tasks + ")", serviceLegend + ":{{" + labelRevision + "}}"}).stack().linked().orSay(needsTaskMetrics),
				graphPanel("Tasks by availability zone", "Running tasks in each zone.", units.Short,
					query{"count by (" + labelZone + ") (" + tasks + ")", "{{" + labelZone + "}}"}).stack().orSay(needsTaskMetrics),
				share("CPU", "CPU used, of what a task has.", cpu, cpuReserved).orSay(needsUnits),
				share("Memory", "Memory used without caches, of what a task has.", memory, memoryReserved).orSay(needsCgroupV1),
				flow("Network", "Bytes received and sent per second.",
					s.of("ecs_task_network_rate_rx", ""), "received", s.of("ecs_task_network_rate_tx", ""), "sent").orSay(needsTaskNetwork),
				flow("Storage", "Bytes read and written per second.",
					rate(s.of("ecs_task_storage_read_bytes", "")), "read", rate(s.of("ecs_task_storage_write_bytes", "")), "written").orSay(needsCgroupV1),
			}},
			{"Application", o.application(func(m Metric) []query {
				switch m.Kind {
				case Counter:
					return split(m, "sum", rate(s.of(m.Selector, "")))
				case Gauge:
					return split(m, m.Aggregate, s.of(m.Selector, ""))
				default:
					buckets := sumBy("le", rate(s.of(m.Selector, "_bucket")))
					return []query{{quantile("0.5", buckets), "median"}, {quantile("0.95", buckets), "95 %"}, {quantile("0.99", buckets), "99 %"}}
				}
			})},
		},
	}.withoutEmptyRows()
}

// split aggregates over the label that the metric is split by, if there is one.
func split(m Metric, agg, expr string) []query {
	if m.By == "" {
		return []query{{agg + "(" + expr + ")", m.Title}}
	}
	return []query{{aggBy(agg, m.By, expr), "{{" + m.By + "}}"}}
}
