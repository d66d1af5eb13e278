package dashboards

import "github.com/grafana/grafana-foundation-sdk/go/units"

func (o Options) task() sheet {
	s := ofTasks
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
		kind: list, title: "Running tasks", unit: units.PercentUnit, width: gridWidth, height: graphHeight, whenEmpty: needsTaskMetrics,
		description: "Tasks that reported in the last minutes, with the CPU that they use of what they have.",
		queries: []query{{"max by (" + labelTask + "," + byService + "," + labelRevision + "," + labelZone + ",aws_ecs_launchtype) (" +
			cpu + " / " + cpuReserved + ")", ""}},
		columns: map[string]string{
			labelTask: "Task", labelCluster: "Cluster", labelService: "Service", labelRevision: "Revision", labelZone: "Zone",
			"aws_ecs_launchtype": "Launch type", "Value": "CPU",
		},
	}
	return sheet{
		name: taskDashboard, title: "tasks", from: "now-3h", variables: []string{varDataSource, varCluster, varService, varTask},
		description: "Every task of a service on its own.",
		rows: []row{
			{"Tasks", []panel{
				tasks,
				byTask("CPU", "CPU used, of what the task has.", units.PercentUnit, query{cpu + " / " + cpuReserved, taskLegend}),
				byTask("CPU in vCPUs", "vCPUs that the task uses. ECS counts 1,024 CPU units for a vCPU.", units.Short, query{cpu + " / 1024", taskLegend}),
				byTask("Memory", "Memory used without caches, of what the task has. At 100 % ECS kills a container.", units.PercentUnit,
					query{memory + " / " + memoryReserved, taskLegend}).lines(step{1, "red"}),
				byTask("Memory in MiB", "Memory used without caches.", units.Mebibytes, query{memory, taskLegend}),
				byTask("Network", "Bytes received and sent per second.", units.BytesPerSecondIEC,
					query{s.of("ecs_task_network_rate_rx", ""), taskLegend + " received"}, query{s.of("ecs_task_network_rate_tx", ""), taskLegend + " sent"}),
				byTask("Storage", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("ecs_task_storage_read_bytes", "")), taskLegend + " read"}, query{rate(s.of("ecs_task_storage_write_bytes", "")), taskLegend + " written"}),
			}},
			{"Containers", []panel{
				byContainer("CPU by container", "vCPUs that each container uses.", units.Short,
					query{s.of("container_cpu_usage_vcpu", ""), container}),
				byContainer("Memory by container", "Memory that each container uses, without caches, of its limit.", units.PercentUnit,
					query{s.of("container_memory_utilized", "") + " / (" + s.of("container_memory_reserved", "") + " > 0)", container}).lines(step{1, "red"}),
				byContainer("Network by container", "Bytes received and sent per second. The containers of a task share its network in mode awsvpc.", units.BytesPerSecondIEC,
					query{s.of("container_network_rate_rx", ""), container + " received"}, query{s.of("container_network_rate_tx", ""), container + " sent"}),
				byContainer("Storage by container", "Bytes read and written per second.", units.BytesPerSecondIEC,
					query{rate(s.of("container_storage_read_bytes", "")), container + " read"}, query{rate(s.of("container_storage_write_bytes", "")), container + " written"}),
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
