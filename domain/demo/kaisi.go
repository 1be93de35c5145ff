package demo

import (
	"heyue/domain/contracts/lifecycle"
	"heyue/domain/contracts/milestone"
	"heyue/domain/tenants/settings"
)

// kaisi is a car dealer (KS): consultants sell vehicles against deposit and balance, at once or with a loan, and keep
// their buyers with care and service plans.
func kaisi() show {
	return show{
		slug: "kaisi", name: "开思汽车销售服务有限公司", admin: "系统管理员",
		settings: func(s *settings.Settings) {
			s.ContractNumberRules = settings.ByKind{lifecycle.Vehicle: "KS-{YYYY}{MM}-{SEQ:4}"}
		},
		units: []unit{
			{"SALES", "销售部", ""}, {"SALES-1", "销售一组", "SALES"}, {"SALES-2", "销售二组", "SALES"}, {"FLEET", "大客户组", "SALES"},
			{"AFTER", "售后服务部", ""}, {"LOAN", "金融按揭部", ""}, {"FINANCE", "财务部", ""}, {"LEGAL", "法务合规部", ""},
		},
		people: []person{
			{"manager", "郭明远", "销售经理", "SALES", "manager"},
			{"sales1", "林晓彤", "销售顾问", "SALES-1", "sales"},
			{"sales2", "何俊杰", "销售顾问", "SALES-1", "sales"},
			{"sales3", "孙雨薇", "销售顾问", "SALES-1", "sales"},
			{"sales4", "马志强", "销售顾问", "SALES-2", "sales"},
			{"sales5", "罗佳怡", "销售顾问", "SALES-2", "sales"},
			{"sales6", "梁子涵", "大客户顾问", "FLEET", "sales"},
			{"aftermanager", "宋建国", "售后经理", "AFTER", "manager"},
			{"service1", "唐小燕", "客户关怀专员", "AFTER", "service"},
			{"service2", "许文博", "服务顾问", "AFTER", "service"},
			{"service3", "邓丽娜", "回访专员", "AFTER", "service"},
			{"loan", "冯启航", "按揭专员", "LOAN", "sales"},
			{"finance", "曹静", "会计", "FINANCE", "finance"},
			{"legal", "彭宇", "法务专员", "LEGAL", "legal"},
			{"auditor", "曾国栋", "内审", "", "auditor"},
		},
		fill: trade{
			seed: 0x4b53, customers: 240, companies: 5, contracts: 260,
			goods: []goods{
				{kind: lifecycle.Vehicle, title: "轿车购车合同", items: []string{"远行 A3 轿车", "远行 A5 轿车", "远行 X5 运动型多用途车", "远行 M7 商务车"},
					model: []string{"1.5T 舒适型", "1.5T 豪华型", "2.0T 四驱旗舰型", "纯电长续航版"}, unit: "辆", low: 89_800, high: 329_800, step: 1_000,
					modes: []mode{depositBalance(), single(), loan()}, term: 90,
					milestones: []stage{{"验车", milestone.Acceptance}, {"办理上牌", milestone.Other}, {"提车交付", milestone.Delivery}}},
				{kind: lifecycle.Service, title: "保养套餐服务合同", items: []string{"三年六次保养套餐", "两年四次保养套餐", "延长保修服务"},
					model: []string{"基础版", "尊享版"}, unit: "份", low: 1_980, high: 12_800, step: 20,
					modes: []mode{single()}, term: 730, milestones: []stage{{"首次保养", milestone.Other}}},
				{kind: lifecycle.Lease, title: "车辆租赁合同", items: []string{"商务车长租", "新能源车长租"}, model: []string{"含保险", "不含保险"},
					unit: "辆", low: 38_400, high: 96_000, step: 1_200, modes: []mode{quarterly()}, term: 365,
					milestones: []stage{{"交车验收", milestone.Acceptance}}},
				{kind: lifecycle.Purchase, title: "精品配件采购合同", items: []string{"原厂机油滤清器", "车载充电桩", "轮胎"}, model: []string{"标准件"},
					unit: "批", low: 12_000, high: 180_000, step: 500, modes: []mode{advance()}, term: 120,
					milestones: []stage{{"到货验收", milestone.Receipt}}},
			},
			visits: []visit{
				{"RETURN_VISIT", "电话回访用车感受，客户反映油耗正常，提醒首次保养里程。"},
				{"MAINTENANCE", "到店保养，更换机油机滤，检查制动系统，整车清洗。"},
				{"CONSULTATION", "到店咨询车型与配置，介绍三种付款方式，预约周末试驾。"},
				{"CARE", "生日关怀，赠送洗车券两张。"},
				{"COMPLAINT", "客户投诉交车延期，已与物流核实新到店日期并致歉。"},
				{"ON_SITE", "上门补办上牌资料，客户当场签字确认。"},
			},
		}.fill,
	}
}
