package dashboards

import "github.com/grafana/grafana-foundation-sdk/go/units"

func (o Options) task() sheet {
	s := o.ofTasks()
	cpu, cpuReserved := usage(s, "cpu")
	memory, memoryReserved := usage(s, "memory")
	const container = "{{" + labelTask + "}} {{container_name}}"
	byTask := func(title, description, unit string, queries ...query) panel {
		return graphPanel(title, description, unit, queries...).orSay(needsTaskMetrics)
	}
	byContainer := func(title, description, unit string, queries ...query) panel {
		return graphPanel(title, description, unit, queries...).orSay(needsContainers)
	}
	tasks := panel{
		kind: list, title: "Running tasks", unit: units.Short, width: gridWidth, height: graphHeight, whenEmpty: needsTaskMetrics,
		description: "Tasks that reported in the last minutes, with the vCPUs that they use.",
		queries: []query{{"max by (" + labelTask + "," + o.byService() + "," + labelRevision + "," + labelZone + ",aws_ecs_launchtype) (" +
			cpu + " / 1024)", ""}},
		columns: map[string]string{
			labelTask: "Task", labelCluster: "Cluster", o.ServiceLabel: "Service", labelRevision: "Revision", labelZone: "Zone",
			"aws_ecs_launchtype": "Launch type", "Value": "vCPUs",
		},
	}
	return sheet{
		name: taskDashboard, title: "tasks", from: "now-3h", variables: []string{varDataSource, varCluster, varService, varTask},
		description: "Every task of a service on its own.",
		rows: []row{
			{"Tasks", []panel{
				tasks,
				byTask("CPU", "CPU used, of what the task has.", units.PercentUnit, query{cpu + " / " + cpuReserved, taskLegend}).orSay(needsUnits),
				byTask("CPU in vCPUs", "vCPUs that the task uses. ECS counts 1,024 CPU units for a vCPU.", units.Short, query{cpu + " / 1024", taskLegend}),
				byTask("Memory", "Memory used without caches, of what the task has. At its limit a container is killed.", units.PercentUnit,
					query{memory + " / " + memoryReserved, taskLegend}).lines(step{1, "red"}).orSay(needsCgroupV1),
				byTask("Memory in MiB", "Memory used without caches, and on instances with them: with control groups version 2 only that is known.", units.Mebibytes,
					query{memory, taskLegend}, query{s.of("ecs_task_memory_usage", "") + " / 1048576", taskLegend + " with caches"}),
				byTask("Network", "Bytes received and sent per second.", units.BytesPerSecondIEC,
					query{s.of("ecs_task_network_rate_rx", ""), taskLegend + " received"}, query{s.of("ecs_task_network_rate_tx", ""), taskLegend + " sent"}).orSay(needsTaskNetwork),
				byTask("Storage", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("ecs_task_storage_read_bytes", "")), taskLegend + " read"}, query{rate(s.of("ecs_task_storage_write_bytes", "")), taskLegend + " written"}).orSay(needsCgroupV1),
			}},
			{"Containers", []panel{
				byContainer("CPU by container", "vCPUs that each container uses.", units.Short,
					query{s.of("container_cpu_usage_vcpu", ""), container}),
				byContainer("Memory by container", "Memory that each container uses, without caches, of its limit.", units.PercentUnit,
					query{s.of("container_memory_utilized", "") + " / (" + s.of("container_memory_reserved", "") + " > 0)", container}).lines(step{1, "red"}).orSay(needsContainersV1),
				byContainer("Network by container", "Bytes received and sent per second. With other network modes than bridge the containers share one.", units.BytesPerSecondIEC,
					query{s.of("container_network_rate_rx", ""), container + " received"}, query{s.of("container_network_rate_tx", ""), container + " sent"}).orSay(needsOwnNetwork),
				byContainer("Storage by container", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("container_storage_read_bytes", "")), container + " read"}, query{rate(s.of("container_storage_write_bytes", "")), container + " written"}).orSay(needsContainersV1),
			}},
			{"Application", o.application(func(m Metric) []query {
				switch m.Kind {
				case Counter:
					return []query{{sumBy(labelTask, rate(s.of(m.Selector, ""))), taskLegend}}
				case Gauge:
					return []query{{aggBy(m.Aggregate, labelTask, s.of(m.Selector, "")), taskLegend}}
				default:
					return []query{{quantile("0.95", sumBy(labelTask+",le", rate(s.of(m.Selector, "_bucket")))), taskLegend + " 95 %"}}
				}
			})},
		},
	}.withoutEmptyRows()
}
